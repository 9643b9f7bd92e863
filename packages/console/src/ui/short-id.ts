/** In a row: the id of a user whose name whoever looks may not know. What else stands there is as it is. */
export const shortId = (name: string): string =>
  /^usr_[0-9a-z]{26}$/.test(name) ? `usr_…${name.slice(-5)}` : name
