/**
 * Whether a text that was given as a path is likelier a secret that was pasted there: long, of letters, digits and what
 * encodings of bytes are made of, without the dot or slash of a path.
 */
export const isLikelySecret = (text: string): boolean => /^(?:[\w-]{32,}|[\w+/-]{32,}=+)$/.test(text)
