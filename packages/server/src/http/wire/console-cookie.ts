import type { IncomingMessage } from 'node:http'
import type { Operation } from '@latchkey/contract/operations/operation'
import { AppError } from '@latchkey/core/error'
import type { Config } from '../../config.ts'
import { headerValues } from './raw-headers.ts'
import { requestOrigin } from './request-origin.ts'

/**
 * `cookieAt`: the console's session counts here, and this is where the console was opened. undefined: verification and
 * gateways never look at it.
 */
export type CredentialOptions = { readonly cookieAt: (() => string) | undefined }

/**
 * Without this header the cookie does not count. A page of another site may send it only if a preflight allows it, and
 * ours never do, whatever LATCHKEY_CORS_ORIGINS says.
 */
const CONSOLE_HEADER = 'x-latchkey-console'

/** Browsers take the prefix only from the host itself, over https: no neighbour and no network can plant such a cookie. */
const SECURE_NAME = '__Host-latchkey_session'
const PLAIN_NAME = 'latchkey_session'

/**
 * The token in the console's cookie; undefined: this is no request of the console, or there is none. Only the name that
 * the cookie has at that origin is read: a neighbour or the network can plant the other. Throws AppError
 * `cross_site_request`, `multiple_credentials`.
 */
export function readConsoleCookie(request: IncomingMessage, originOf: () => string): string | undefined {
  if (!isOfConsole(request)) return undefined
  assertFromConsole(request)
  const name = isOnMachine(originOf()) ? PLAIN_NAME : SECURE_NAME
  const tokens = headerValues(request, 'cookie')
    .flatMap((line) => line.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
    .filter((token) => token !== '')
  if (tokens.length <= 1) return tokens[0]
  throw new AppError(
    'multiple_credentials',
    'The browser sent two console sessions: delete the cookies of this site, then sign in again.',
  )
}

/** Whether a request says that the console sent it. */
export const isOfConsole = (request: IncomingMessage): boolean =>
  headerValues(request, CONSOLE_HEADER).length > 0

/** Throws AppError `cross_site_request` unless the console itself sent this, as far as the browser says. */
export function assertFromConsole(request: IncomingMessage): void {
  const isOurs = headerValues(request, CONSOLE_HEADER).length === 1
  const sites = headerValues(request, 'sec-fetch-site')
  if (isOurs && sites.every((site) => site === 'same-origin')) return
  throw new AppError(
    'cross_site_request',
    `This is for the console, and ${isOurs ? 'another page' : 'something else'} sent it: programs send a key instead (X-API-KEY).`,
  )
}

/** `maxAgeSeconds` 0: the browser forgets it. */
export function consoleCookie(token: string, maxAgeSeconds: number, isSecure: boolean): string {
  const name = isSecure ? `${SECURE_NAME}` : PLAIN_NAME
  const flags = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
  return `${name}=${token}; Max-Age=${maxAgeSeconds}; ${flags}`
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

type Asked = Parameters<typeof requestOrigin>[0]

/** Where the console was opened. */
export const consoleOriginOf = ({ publicUrl }: Pick<Config, 'publicUrl'>, request: Asked): string =>
  publicUrl === null ? requestOrigin(request) : new URL(publicUrl).origin

/** Over http, but on the machine itself: nothing goes over a network. */
function isOnMachine(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol !== 'https:' && LOOPBACK.test(hostname)
}

/**
 * Whether the cookie of an origin is to travel over https only. Throws AppError `https_required` where it could be
 * read on the way: browsers would not keep a Secure one there, and nobody would know why.
 */
export function isSecureOrigin(origin: string): boolean {
  if (isOnMachine(origin)) return false
  if (new URL(origin).protocol === 'https:') return true
  throw new AppError(
    'https_required',
    `The console was opened at ${origin}, where others could read the password on its way: open it by https ` +
      '(docs/operate/tls.md), or on the machine itself at http://localhost.',
  )
}

/**
 * The console does what people do: no verification, and nothing that would hand its session to a script as a token.
 */
export function credentialOptionsOf(
  { permission, path }: Operation,
  config: Pick<Config, 'publicUrl'>,
  request: Asked,
): CredentialOptions {
  const takesCookie = permission === null ? path === '/me' : permission !== 'keys:verify'
  return takesCookie ? { cookieAt: () => consoleOriginOf(config, request) } : WITHOUT
}

const WITHOUT: CredentialOptions = { cookieAt: undefined }
