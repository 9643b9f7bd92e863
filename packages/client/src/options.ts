import { VERSION } from '@latchkey/core/version'
import { environmentVariable } from './environment.ts'
import { LatchkeyError } from './errors.ts'

/** What a client may be made with. */
export interface LatchkeyOptions {
  /** Address of the service, with the path it has there, if any. Default: LATCHKEY_URL. */
  url?: string | undefined
  /**
   * The key, or a token, that vouches for each call; a function is asked before each, and says the same until it is
   * renewed. null: none, because the request has a cookie. Default: LATCHKEY_API_KEY.
   */
  key?: string | null | (() => string | null | Promise<string | null>) | undefined
  /** For one call with all its retries, in milliseconds. Default: 10,000; for verify 2,000. */
  timeoutMs?: number
  /** How often a call is tried again. Default: 2. */
  maxRetries?: number
  /** In place of the global fetch. */
  fetch?: typeof fetch
  /** Sent with each call. */
  headers?: Readonly<Record<string, string>>
  /** Put before the name of this package in User-Agent. */
  userAgent?: string
  /** Where warnings go. Default: the console. */
  logger?: { warn(message: string): void }
  /** A key in a browser is everybody's. true: it is meant so. */
  allowBrowser?: boolean
}

/** What one call may be made with. */
export interface CallOptions {
  /** Ends the call. */
  signal?: AbortSignal
  /** For the call with all its retries, in milliseconds. */
  timeoutMs?: number
  maxRetries?: number
  /** In place of a random one: the same creation is made once, whoever sends it, within 24 hours. */
  idempotencyKey?: string
  /** The company to act for, where the caller is the operator. */
  companyId?: string
  headers?: Readonly<Record<string, string>>
}

/** Options as the client goes by them. */
export type Settings = {
  /** Without a slash at its end. */
  readonly url: string
  readonly credential: () => string | null | Promise<string | null>
  readonly timeoutMs: number | undefined
  readonly maxRetries: number
  readonly fetch: typeof fetch
  /** It is the caller's own, and all that is asked goes by it. */
  readonly isFetchGiven: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly userAgent: string
  readonly logger: { warn(message: string): void }
}

const MAX_RETRIES = 2

/** Throws LatchkeyError `invalid_options` with one sentence that says what to pass. */
export function settingsOf(options: LatchkeyOptions): Settings {
  const logger = options.logger ?? console
  const url = urlOf(options.url ?? environmentVariable('LATCHKEY_URL'), logger)
  const { userAgent, timeoutMs, maxRetries = MAX_RETRIES } = options
  assertCount('timeoutMs', timeoutMs, 1)
  assertCount('maxRetries', maxRetries, 0)
  return {
    url,
    credential: credentialOf(options),
    timeoutMs,
    maxRetries,
    fetch: fetchOf(options),
    isFetchGiven: options.fetch !== undefined,
    headers: options.headers ?? {},
    userAgent: `${userAgent === undefined ? '' : `${userAgent} `}latchkey-client/${VERSION}`,
    logger,
  }
}

export const invalid = (message: string): LatchkeyError => new LatchkeyError('invalid_options', message)

/** Throws LatchkeyError `invalid_options` for what cannot be counted with. */
export function assertCount(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= least)) return
  throw invalid(`${name}: a number from ${least} on is needed.`)
}

function urlOf(text: string | undefined, logger: Settings['logger']): string {
  if (text === undefined) {
    throw invalid(
      'No url: pass the address of the service, for example https://keys.example.com, or set LATCHKEY_URL.',
    )
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalid('url is not an http or https address: it looks like https://keys.example.com.')
  }
  if (url.username !== '' || url.password !== '')
    throw invalid('url has a password in it: leave it out, and pass the key as key.')
  if (url.search !== '' || url.hash !== '')
    throw invalid('url ends with a query or a fragment: leave it out.')
  if (url.protocol === 'http:' && !isNear(url.hostname) && environmentVariable('NODE_ENV') === 'production') {
    warnOnce(logger, `latchkey: ${url.origin} is http, so keys cross the network in the clear: use https.`)
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** An application may make a client for each request. */
function warnOnce(logger: Settings['logger'], message: string): void {
  if (!warned.has(logger)) logger.warn(message)
  warned.add(logger)
}

const warned = new WeakSet<Settings['logger']>()

/** A machine of one's own, or of one's own network: names without a dot are those of containers. */
const isNear = (host: string) => host.startsWith('127.') || host === '[::1]' || !host.includes('.')

function credentialOf({ key: given, allowBrowser = false }: LatchkeyOptions): Settings['credential'] {
  const key = given === undefined ? environmentVariable('LATCHKEY_API_KEY') : given
  if (key === undefined) throw invalid('No key: pass one as key, or set LATCHKEY_API_KEY.')
  if (key === null) return () => null
  if (typeof key === 'function') return async () => sound(await key())
  if (isBrowser() && !allowBrowser) {
    throw invalid(
      'A key in a browser is everybody’s: call the service from your server, or set allowBrowser.',
    )
  }
  const text = sound(key)
  return () => text
}

/** Checked here: fetch would repeat it in its complaint. */
function sound(key: string | null | undefined): string | null {
  if (key === null || key === undefined) return null
  const text = key.trim()
  if (/^[!-~]+$/.test(text)) return text
  throw invalid(
    text === '' ? 'The key is empty.' : 'The key has a character that no key has: was it copied whole?',
  )
}

const isBrowser = () => 'window' in globalThis && 'document' in globalThis

function fetchOf({ fetch: given }: LatchkeyOptions): typeof fetch {
  const found = given ?? globalThis.fetch
  if (typeof found !== 'function') throw invalid('There is no fetch here: pass one as fetch.')
  // Browsers insist on being called without an object before the dot.
  return (input, init) => found(input, init)
}
