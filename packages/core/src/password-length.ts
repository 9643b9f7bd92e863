/** Characters. Shorter ones are found by trying; see NIST SP 800-63B §3.1.1. */
export const PASSWORD_LENGTH_MIN = 12
/** Hashing costs the same for every length; this only bounds what is sent. */
export const PASSWORD_LENGTH_MAX = 256
