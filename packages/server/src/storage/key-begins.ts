/** Active keys that were made here, by how their secrets begin: `lk_live_`. */
export type KeyBegin = { readonly begin: string; readonly keys: number }

/** More say no more: a prefix has two. */
const BEGINS_MAX = 20

/** Of either store. What is noted of a secret ends with four characters of its random part. */
export const KEY_BEGINS = `SELECT substr(prefix, 1, length(prefix) - 4) AS "begin", count(*) AS "keys"
FROM keys WHERE status = 'active' AND imported_from IS NULL GROUP BY 1 ORDER BY 2 DESC LIMIT ${BEGINS_MAX}`
