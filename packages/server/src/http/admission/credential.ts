import type { IncomingMessage } from 'node:http'
import { AppError, type Fault, inputError } from '@latchkey/core/error'
import { TOKEN_LENGTH_MAX } from '../../auth/access-token.ts'
import { type CredentialOptions, isOfConsole, readConsoleCookie } from '../wire/console-cookie.ts'
import { headerValues } from '../wire/raw-headers.ts'

/** What a request presents. `text` is untrusted and never logged. */
export type Credential = { readonly scheme: 'api-key' | 'bearer' | 'other'; readonly text: string }

/** A secret has some sixty characters, a token some hundred: beyond the longest nothing is looked at. */
const CREDENTIAL_LENGTH_MAX = TOKEN_LENGTH_MAX

/**
 * The one credential of a request, from X-API-KEY or Authorization: Bearer, or the console's cookie where that counts;
 * undefined: none. Throws AppError `multiple_credentials` when the request leaves a choice, `cross_site_request`.
 */
export function readCredential(
  request: IncomingMessage,
  { cookieAt }: CredentialOptions = NO_COOKIE,
): Credential | undefined {
  const fromHeaders = readHeaders(request, cookieAt !== undefined && isOfConsole(request))
  const cookie = cookieAt === undefined ? undefined : readConsoleCookie(request, cookieAt)
  if (cookie === undefined) return fromHeaders
  if (fromHeaders === undefined) return { scheme: 'bearer', text: bounded(cookie) }
  throw new AppError(
    'multiple_credentials',
    'The request carries a console session and another credential: send one of them.',
  )
}

const NO_COOKIE: CredentialOptions = { cookieAt: undefined }

/** `isConsole`: a proxy in front may ask for a password, which the browser then sends with whatever the console asks. */
function readHeaders(request: IncomingMessage, isConsole: boolean): Credential | undefined {
  const apiKeys = headerValues(request, 'x-api-key')
  const authorizations = headerValues(request, 'authorization')
  if (apiKeys.length > 1) throw repeated('X-API-KEY')
  if (authorizations.length > 1) throw repeated('Authorization')
  const [apiKey = ''] = apiKeys
  const [authorization = ''] = authorizations
  const isNone = authorization === '' || (isConsole && BASIC.test(authorization))
  const fromAuthorization = isNone ? undefined : parseAuthorization(authorization)
  if (apiKey === '') return fromAuthorization
  if (fromAuthorization !== undefined && fromAuthorization.text !== apiKey) {
    throw new AppError(
      'multiple_credentials',
      'X-API-KEY and Authorization carry two different credentials: send one of them.',
    )
  }
  return { scheme: 'api-key', text: isOne(apiKey) ? bounded(apiKey) : '' }
}

/**
 * A proxy joins what was sent twice by a comma. Of an imported text perhaps only the end is hashed: the last of those
 * that were joined would count.
 */
const isOne = (text: string): boolean => !/[ ,]/.test(text)

const BASIC = /^basic /i

function parseAuthorization(value: string): Credential {
  const match = /^bearer +([^ ,]+) *$/i.exec(bounded(value))
  return match === null ? { scheme: 'other', text: '' } : { scheme: 'bearer', text: match[1]! }
}

const bounded = (text: string) => (text.length > CREDENTIAL_LENGTH_MAX ? '' : text)

function repeated(header: string): AppError {
  const fault: Fault = {
    header,
    code: 'multiple_credentials',
    detail: 'was sent more than once: send it once.',
  }
  return inputError([fault])
}
