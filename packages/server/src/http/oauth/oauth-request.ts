import type { IncomingMessage } from 'node:http'
import type { OAuthCode } from '@latchkey/contract/oauth-codes'
import { isLong, readBytes, sentInstead } from '../wire/body.ts'
import { parseForm } from '../wire/form-text.ts'
import { parseMediaType } from '../wire/media-type.ts'
import { headerValues, singleHeader } from '../wire/raw-headers.ts'

/** An answer of the token endpoint in OAuth's own form. */
export class OAuthError extends Error {
  readonly code: OAuthCode
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: OAuthCode,
    description: string,
    status = code === 'invalid_client' ? 401 : 400,
    retryAfterSeconds?: number,
  ) {
    // RFC 6749 §5.2 allows these characters only.
    super(description.replaceAll('"', "'").replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?'))
    this.name = 'OAuthError'
    this.code = code
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export type TokenRequest = {
  readonly clientId: string
  readonly clientSecret: string
  /** Permission names, each once; undefined: all that the key has. */
  readonly scope: readonly string[] | undefined
}

/** No token request has as many parameters; and no token could carry as many permissions. */
const PARAMETERS_MAX = 64
const SCOPE_NAMES_MAX = 400

/**
 * The form of a token request; a long one is understood when `takeTurn` resolves. Throws OAuthError `invalid_request`
 * for another type, or a parameter given twice.
 */
export async function readForm(
  request: IncomingMessage,
  takeTurn: () => Promise<void>,
): Promise<Map<string, string>> {
  const header = singleHeader(request, 'Content-Type')
  const declared = parseMediaType(header ?? '')
  const { type, charset } = declared
  const isForm = type === 'application/x-www-form-urlencoded'
  const text = isForm ? (await readBytes(request)).toString('latin1') : ''
  if (isLong(text)) await takeTurn()
  // Every charset that a form comes in writes ASCII alike, and a well-made form is nothing else.
  if (!isForm || (charset !== 'utf-8' && !/^[\x20-\x7e\r\n]*$/.test(text))) {
    throw new OAuthError(
      'invalid_request',
      `The body must be application/x-www-form-urlencoded; ${sentInstead(header, declared)}.`,
    )
  }
  if (text.split('&', PARAMETERS_MAX + 1).length > PARAMETERS_MAX) {
    throw new OAuthError('invalid_request', `The form has more than ${PARAMETERS_MAX} parameters.`)
  }
  const form = new Map<string, string>()
  for (const { name, value } of parseForm(text)) {
    if (name === undefined || value === undefined) {
      throw new OAuthError('invalid_request', 'A parameter holds bytes that are not UTF-8.')
    }
    if (form.has(name)) throw new OAuthError('invalid_request', 'A parameter was given more than once.')
    // RFC 6749 §3.2: a parameter without a value is treated as if it were left out.
    if (value !== '') form.set(name, value)
  }
  return form
}

/** Throws OAuthError. */
export function parseTokenRequest(request: IncomingMessage, form: ReadonlyMap<string, string>): TokenRequest {
  const grantType = form.get('grant_type')
  if (grantType === undefined)
    throw new OAuthError('invalid_request', 'grant_type is missing: send client_credentials.')
  const client = readClient(request, form)
  if (grantType !== 'client_credentials') {
    throw new OAuthError('unsupported_grant_type', 'Only client_credentials is possible.')
  }
  const scope = form
    .get('scope')
    ?.split(' ', SCOPE_NAMES_MAX + 1)
    .filter((name) => name !== '')
  if (scope !== undefined && scope.length > SCOPE_NAMES_MAX) {
    throw new OAuthError('invalid_scope', `scope names more than ${SCOPE_NAMES_MAX} permissions.`)
  }
  if (scope?.length === 0) throw new OAuthError('invalid_scope', 'scope names no permission.')
  return { ...client, scope: scope === undefined ? undefined : [...new Set(scope)] }
}

type Client = Pick<TokenRequest, 'clientId' | 'clientSecret'>

function readClient(request: IncomingMessage, form: ReadonlyMap<string, string>): Client {
  const headers = headerValues(request, 'authorization')
  if (headers.length > 1) throw new OAuthError('invalid_request', 'Authorization was sent more than once.')
  const [header] = headers
  const id = form.get('client_id')
  const secret = form.get('client_secret')
  if (header === undefined) {
    if (id === undefined || secret === undefined) {
      throw new OAuthError(
        'invalid_client',
        'Send the key id and the key as client_id and client_secret, or by Basic.',
      )
    }
    return { clientId: id, clientSecret: secret }
  }
  if (secret !== undefined)
    throw new OAuthError('invalid_request', 'Authenticate by Basic or in the body, not both.')
  const client = parseBasic(header)
  if (id !== undefined && id !== client.clientId) {
    throw new OAuthError('invalid_request', 'client_id and the Basic credentials differ.')
  }
  return client
}

/** RFC 7617; id and secret are form-encoded inside (RFC 6749 §2.3.1). */
function parseBasic(header: string): Client {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  try {
    if (colon > 0)
      return { clientId: formDecode(pair.slice(0, colon)), clientSecret: formDecode(pair.slice(colon + 1)) }
  } catch {
    // Malformed percent-encoding: refused below, like every other malformed pair.
  }
  throw new OAuthError('invalid_client', 'The Authorization header holds no Basic credentials.')
}

/** A plus stands for itself: most clients encode nothing, base64 is full of them, and no key has a space in a header. */
const formDecode = (text: string): string => decodeURIComponent(text)
