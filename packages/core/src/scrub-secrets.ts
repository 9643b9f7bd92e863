const WHOLE_SECRET = /[a-z][a-z0-9]{0,15}_(?:live|test)_[0-9A-Za-z]{49}/g

/** Replaces whatever looks like a whole secret: the backstop where text leaves the process. */
export const scrubSecrets = (text: string): string => text.replace(WHOLE_SECRET, '[secret]')
