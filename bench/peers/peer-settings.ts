import { createHash } from 'node:crypto'

/** As its own documentation runs each of them. */
export const PEER_SETTINGS = { NODE_ENV: 'production' }

/** The text of a key of theirs, as their scripts make it. */
export const peerKeyAt = (index: number): string =>
  createHash('sha512').update(`bench ${index}`).digest('hex').slice(0, 64)
