import { type RawBuilder, sql } from 'kysely'

/**
 * Whether the user of a key was deleted. `keyId`: a value or a column. A part of the statement that writes from where a key
 * was used: such a write may come late, and must bring nothing back. Not a join, so that rows stay in their order.
 */
export const isErased = (keyId: RawBuilder<unknown>) =>
  sql<boolean>`(SELECT u.deleted_at FROM keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.id = ${keyId}) IS NOT NULL`

/** The address, if it may be kept. */
export const keptAddress = (address: RawBuilder<unknown>, keyId: RawBuilder<unknown>) =>
  sql<string | null>`CASE WHEN ${isErased(keyId)} THEN NULL ELSE ${address} END`
