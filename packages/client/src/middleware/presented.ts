import { type Refusal, refuse } from './refusal.ts'
import type { Seen } from './seen.ts'

type Presented =
  | { readonly key: string; readonly isToken: boolean }
  | { readonly refusal: Refusal; readonly isMissing: boolean }

/** No credential is longer. */
const LENGTH_MAX = 8_192

/** The one credential of a request, by X-API-KEY or Authorization: Bearer: never from its address or a cookie. */
export function readPresented({ values }: Seen): Presented {
  const apiKeys = values('x-api-key')
  const authorizations = values('authorization')
  if (apiKeys.length > 1 || authorizations.length > 1)
    return bad('A credential was sent more than once: send it once.')
  const [apiKey = ''] = apiKeys
  const [authorization = ''] = authorizations
  if (apiKey === '' && authorization === '') {
    return { refusal: refuse('missing_credentials', MISSING), isMissing: true }
  }
  const bearer = /^bearer +([^ ]+) *$/i.exec(authorization)?.[1]
  if (apiKey !== '' && authorization !== '' && bearer !== apiKey) {
    return bad('X-API-KEY and Authorization carry two different credentials: send one of them.')
  }
  const key = apiKey === '' ? bearer : apiKey
  // A token has three parts between dots, and is taken as a bearer only.
  const isToken = key !== undefined && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(key)
  if (key === undefined || key.length > LENGTH_MAX || /[ ,]/.test(key) || (isToken && apiKey !== ''))
    return bad(INVALID)
  return { key, isToken }
}

const MISSING = 'Send a key: X-API-KEY: <key>, or a key or token: Authorization: Bearer <key or token>.'
const INVALID = 'The credential is not valid: check that it was copied whole.'

const bad = (detail: string) => ({ refusal: refuse('invalid_credentials', detail), isMissing: false })
