/** A whole secret, which nobody should paste anywhere but where it is used: it would stand in addresses and histories. */
export const isWholeSecret = (text: string): boolean =>
  /^[a-z][a-z0-9]*_(?:live|test)_[0-9A-Za-z]{49}$/.test(text.trim())

/** What to do instead. */
export const INSTEAD_OF_SECRET = 'That is a whole secret. Its last four characters are enough.'
