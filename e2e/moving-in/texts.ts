import { createHash } from 'node:crypto'

/** Texts as each of the old systems gives them out, the same each time. */

const random = (name: string): string =>
  createHash('sha256').update(name).digest('base64url').replaceAll(/[-_]/g, 'x')
export const hash = (text: string, algorithm: string, encoding: 'hex' | 'base64' | 'base64url'): string =>
  createHash(algorithm).update(text).digest(encoding)

export const LATER = '2037-01-31T00:00:00.000Z'
export const BEFORE = '2026-01-31T00:00:00.000Z'

const textOf = (prefix: string, name: string): string => `${prefix}${random(name).slice(0, 32)}`
const tykText = (id: string): string => {
  const named = { org: '5e9d9544a1dcd60001d0ed20', id: random(id).slice(0, 32), h: 'sha256' }
  return Buffer.from(JSON.stringify(named)).toString('base64')
}
const sanctumText = (id: number): string => `${id}|${random(`sanctum ${id}`).slice(0, 40)}`
const drfText = (prefix: string): string => `${prefix}.${random(prefix).slice(0, 32)}`

export const PLAIN = textOf('acme_', 'plain')
export const FULL = textOf('acme_', 'full')
export const OFF = textOf('acme_', 'off')
export const ENDED = textOf('acme_', 'ended')
export const SPENT = textOf('acme_', 'spent')
export const LITE = textOf('lite_', 'in use')
export const LITE_OFF = textOf('lite_', 'off')
export const UNKEY = textOf('prod_', 'in use')
export const UNKEY_OFF = textOf('prod_', 'off')
export const UNKEY_GONE = textOf('prod_', 'gone')
export const UNKEY_OLD = textOf('prod_', 'ended')
export const DECK = textOf('', 'deck')
export const DECK_TTL = textOf('', 'deck with a ttl')
export const DECK_BOUND = textOf('', 'deck with addresses')
export const TABLE = textOf('', 'table')
export const TABLE_ENDED = textOf('', 'table ended')
export const TYK = tykText('in use')
export const TYK_OFF = tykText('off')
export const TYK_ENDED = tykText('ended')
export const TYK_LOGIN = tykText('login')
export const TYK_QUOTA = tykText('quota')
export const APISIX_CREDENTIAL = textOf('', 'apisix credential')
export const APISIX_CREDENTIAL_DENIED = textOf('', 'apisix credential denied')
export const APISIX = textOf('', 'apisix')
export const APISIX_DENIED = textOf('', 'apisix denied')
export const AWS = textOf('', 'aws')
export const AWS_OFF = textOf('', 'aws off')
export const SANCTUM = sanctumText(12)
export const SANCTUM_ALL = sanctumText(13)
export const SANCTUM_ENDED = sanctumText(14)
export const DRF = drfText('Aa1Bb2Cc')
export const DRF_REVOKED = drfText('Dd3Ee4Ff')
export const DRF_ENDED = drfText('Gg5Hh6Ii')
export const AUTHTOKEN = hash('authtoken', 'sha1', 'hex')
