import { createHmac } from 'node:crypto'

/** What is stored of a network that a user signed in from: nobody with the database alone learns where people are. */
export const networkTagOf = (passwordKey: Uint8Array, network: string): Buffer =>
  createHmac('sha256', passwordKey).update(`network\0${network}`).digest()
