import type { IncomingMessage } from 'node:http'
import { headerValues } from '../wire/raw-headers.ts'

const REMEDY = 'send Authorization: Bearer <key or token>, or X-API-KEY: <key>.'

/** Schemes that other services read. Only of these the name is repeated: a first word may be a key. */
const OTHER_SCHEMES = [
  'Basic',
  'Digest',
  'Token',
  'ApiKey',
  'Api-Key',
  'Key',
  'JWT',
  'OAuth',
  'Negotiate',
  'NTLM',
  'Hawk',
  'AWS4-HMAC-SHA256',
]

/**
 * What is wrong with the form of a request's credential, by what was sent alone: it tells nothing about who has which.
 * undefined: the form is that of a credential. Of a request that has at most one of each header.
 */
export function explainCredentialForm(request: IncomingMessage): string | undefined {
  const [apiKey = ''] = headerValues(request, 'x-api-key')
  if (apiKey !== '') return explainApiKey(apiKey)
  const [authorization = ''] = headerValues(request, 'authorization')
  // In the console's cookie there is no form to be wrong.
  return authorization === '' ? undefined : explainAuthorization(authorization.trim())
}

function explainApiKey(text: string): string | undefined {
  if (/^bearer\b/i.test(text)) return 'X-API-KEY holds a scheme: send the key alone there.'
  if (/^["'<].*["'>]$/.test(text)) return 'X-API-KEY holds quotes or brackets: send the key alone.'
  if (/[ ,]/.test(text)) return 'X-API-KEY holds a space or a comma: send one key, alone.'
  if (isTokenLike(text)) return 'X-API-KEY takes keys only: send a token as Authorization: Bearer <token>.'
  return undefined
}

function explainAuthorization(text: string): string | undefined {
  const [scheme = '', ...rest] = text.split(/ +/)
  if (scheme.toLowerCase() === 'bearer') {
    const [token = ''] = rest
    if (token === '') return `Authorization names no credential behind Bearer: ${REMEDY}`
    if (token.toLowerCase() === 'bearer') return 'Authorization says Bearer twice: once is right.'
    if (rest.length > 1) return `Authorization has a space in its credential: ${REMEDY}`
    if (token.includes(',')) return `Authorization has a comma in its credential: ${REMEDY}`
    if (/^["'<].*["'>]$/.test(token))
      return `Authorization has quotes or brackets about its credential: ${REMEDY}`
    return undefined
  }
  if (/^bearer[:=\t]/i.test(scheme))
    return `Authorization has a sign behind Bearer where a space belongs: ${REMEDY}`
  const other = OTHER_SCHEMES.find((name) => name.toLowerCase() === scheme.toLowerCase())
  if (other !== undefined) return `Authorization has the scheme ${other}, which is not read here: ${REMEDY}`
  return rest.length === 0
    ? `Authorization has no scheme: ${REMEDY}`
    : `Authorization has an unknown scheme: ${REMEDY}`
}

/** Three parts of base64url. */
const isTokenLike = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)
