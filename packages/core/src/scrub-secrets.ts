/** Any prefix or none, in any letter case: what follows is what must not leak. Bounded, hence linear. */
const WHOLE_SECRET = /[0-9A-Za-z]{0,16}_(?:live|test)_[0-9A-Za-z]{49}/g

/** Replaces whatever looks like a whole secret: the backstop where text leaves the process. */
export const scrubSecrets = (text: string): string => text.replace(WHOLE_SECRET, '[secret]')
