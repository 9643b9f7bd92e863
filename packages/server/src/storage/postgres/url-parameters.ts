import { nearest } from '@latchkey/core/nearest'
import type pg from 'pg'
import { parsePostgresOptions } from './options.ts'
import { TLS_PARAMETERS, type TlsParameters, tlsOf } from './tls.ts'
import { decoded, shownWord, urlRefusal } from './url-refusal.ts'

const CONNECT_MS_DEFAULT = 5_000
/** Whoever waits for a connection has given up by then, however long the URL would wait. */
const CONNECT_MS_MAX = 60_000

export type HostLists = { readonly host?: readonly string[]; readonly port?: readonly string[] }

/** What the part of a URL after `?` says. */
export type PostgresParameters = {
  readonly hosts: HostLists
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database?: string | undefined
  readonly config: pg.ClientConfig
  readonly settings: ReadonlyMap<string, string>
  readonly applicationName: string
  readonly connectMsMax: number
  readonly isBindingRequired: boolean
  tlsFor(isLocal: boolean): pg.ClientConfig['ssl']
}

/** Said of each parameter: what it may be, and why not something else. */
type Allowed = { readonly values: readonly string[]; readonly why: string }

/** What is read by its name. */
const READ = [
  ...TLS_PARAMETERS,
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'application_name',
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
  'channel_binding',
  'sslnegotiation',
  'options',
  'ssl',
] as const

/** What changes nothing that Latchkey promises: libpq's own, and names that providers and ORMs put into URLs. */
const WITHOUT_EFFECT = new Set([
  ...['fallback_application_name', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['sslcompression', 'sslsni', 'load_balance_hosts', 'gsslib', 'krbsrvname', 'gssdelegation'],
  ...['min_protocol_version', 'max_protocol_version', 'pgbouncer', 'supa', 'uselibpqcompat'],
])

const ALLOWED: Readonly<Record<string, Allowed>> = {
  target_session_attrs: {
    values: ['any', 'read-write', 'primary'],
    why: 'the service needs the primary',
  },
  channel_binding: { values: ['disable', 'prefer', 'require'], why: 'libpq knows no other' },
  gssencmode: { values: ['disable', 'prefer'], why: 'the driver encrypts with TLS only' },
  client_encoding: { values: ['auto', 'utf8', 'UTF8', 'utf-8', 'UTF-8'], why: 'texts are kept in UTF-8' },
  replication: { values: ['false', 'off', 'no', '0'], why: 'it is for replicas' },
  sslcertmode: { values: ['allow', 'disable'], why: 'the driver cannot insist on a certificate of its own' },
  sslnegotiation: { values: ['postgres', 'direct'], why: 'libpq knows no other' },
  keepalives: { values: ['0', '1'], why: 'libpq knows no other' },
  // Of other drivers, which mean different things by it; what is safe in each of them is TLS that is checked.
  ssl: { values: ['true', '1'], why: 'say it with sslmode' },
}

const IN_THE_URL = 'write host, database, user and password into the URL'
const NO_REVOKED = 'the driver does not look for revoked certificates'
const INSTEAD: Readonly<Record<string, string>> = {
  service: IN_THE_URL,
  servicefile: IN_THE_URL,
  passfile: IN_THE_URL,
  hostaddr: 'give the address, or a name that leads to it, as the host',
  require_auth: 'channel_binding=require has whoever answers prove that it knows the password',
  requirepeer: 'the rights of the folder of the socket say who may be there',
  sslcrl: NO_REVOKED,
  sslcrldir: NO_REVOKED,
  sslkeylogfile: 'it would write down what decrypts the traffic',
  requiressl: 'say it with sslmode',
  schema: 'say options=-c%20search_path%3DNAME',
  currentSchema: 'say options=-c%20search_path%3DNAME',
  connection_limit: 'set LATCHKEY_DATABASE_CONNECTIONS',
  pool_max: 'set LATCHKEY_DATABASE_CONNECTIONS',
  max: 'set LATCHKEY_DATABASE_CONNECTIONS',
}

/**
 * Reads what follows the `?`. What would change safety is done as asked, or refused. `isNamed`: user and password
 * stand before, so that what is here is no part of them, and an unknown name may be shown. Throws StoreError.
 */
export function readPostgresParameters(query: string, isNamed: boolean): PostgresParameters {
  const given = pairsOf(query, isNamed)
  const { settings, startup } = parsePostgresOptions(given.get('options') ?? '')
  const tls: TlsParameters = Object.fromEntries(TLS_PARAMETERS.map((name) => [name, given.get(name)]))
  const sslmode = tls.sslmode ?? (given.has('ssl') ? 'verify-full' : undefined)
  const isBindingRequired = given.get('channel_binding') === 'require'
  const list = (name: 'host' | 'port') => given.get(name)?.split(',')
  const [host, port] = [list('host'), list('port')]
  return {
    hosts: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
    user: given.get('user'),
    password: given.get('password'),
    database: given.get('dbname'),
    config: {
      ...(startup === '' ? {} : { options: startup }),
      ...(given.get('sslnegotiation') === 'direct' ? { sslnegotiation: 'direct' } : {}),
      ...keepAliveOf(given),
      enableChannelBinding: isBindingRequired,
    },
    settings,
    applicationName: given.get('application_name') ?? 'latchkey',
    connectMsMax: connectMsOf(given.get('connect_timeout')),
    isBindingRequired,
    tlsFor(isLocal) {
      const ssl = tlsOf(sslmode === undefined ? tls : { ...tls, sslmode }, isLocal)
      if (ssl === false && (isBindingRequired || given.get('sslnegotiation') === 'direct')) {
        throw urlRefusal('asks for channel_binding or direct TLS, which needs TLS: add sslmode=verify-full')
      }
      return ssl
    },
  }
}

function pairsOf(query: string, isNamed: boolean): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals), 'the name of a parameter')
    assertKnown(name, isNamed)
    if (equals === -1) throw urlRefusal(`has the parameter ${name} without a value: write ${name}=…`)
    if (given.has(name)) throw urlRefusal(`has ${name} twice: keep one of them`)
    const value = decoded(pair.slice(equals + 1), `the value of ${name}`)
    const allowed = ALLOWED[name]
    if (allowed !== undefined && !allowed.values.includes(value)) {
      const values = allowed.values.join(', ')
      throw urlRefusal(`has ${name}=${shownWord(value)}: it may be ${values}, for ${allowed.why}`)
    }
    // As in libpq, an empty value is an absent one.
    if (value !== '') given.set(name, value)
  }
  return given
}

function assertKnown(name: string, isNamed: boolean): void {
  const known: readonly string[] = [...READ, ...WITHOUT_EFFECT, ...Object.keys(ALLOWED)]
  if (known.includes(name)) return
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined
  if (instead !== undefined) throw urlRefusal(`has the parameter ${name}, which is not taken: ${instead}`)
  const shown = isNamed && /^[a-z_]{1,40}$/i.test(name) ? ` ${name}` : ''
  const suggestion = nearest(name, READ)
  const hint = suggestion === undefined ? `known are ${READ.join(', ')}` : `did you mean ${suggestion}`
  throw urlRefusal(`has a parameter${shown} that is not known: ${hint}`)
}

function keepAliveOf(given: ReadonlyMap<string, string>): pg.ClientConfig {
  const idleSeconds = given.get('keepalives_idle')
  return {
    keepAlive: given.get('keepalives') !== '0',
    ...(idleSeconds === undefined
      ? {}
      : { keepAliveInitialDelayMillis: secondsOf('keepalives_idle', idleSeconds) * 1_000 }),
  }
}

/** libpq's 0 waits for ever, which nothing here does. */
function connectMsOf(text: string | undefined): number {
  if (text === undefined) return CONNECT_MS_DEFAULT
  const ms = secondsOf('connect_timeout', text) * 1_000
  return ms === 0 ? CONNECT_MS_MAX : Math.min(ms, CONNECT_MS_MAX)
}

function secondsOf(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw urlRefusal(`has ${name}=${shownWord(text)}: give whole seconds, such as ${name}=10`)
}
