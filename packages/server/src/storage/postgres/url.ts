import type pg from 'pg'
import { type HostLists, readPostgresParameters } from './url-parameters.ts'
import { decoded, ENCODE, urlRefusal } from './url-refusal.ts'

/** More than a failover group has; each costs a connection attempt when the ones before it are gone. */
const HOSTS_MAX = 8

const SHAPE = /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i
const EXAMPLE = 'postgres://user:password@host:5432/database'
/** A name of the DNS, an address, or the folder of a Unix socket. Nothing else is ever shown as a host. */
const HOST = /^(?:[\p{L}\p{N}._-]+|[0-9a-f:.]+(?:%[\w.-]+)?|\/.*)$/iu

export type PostgresHost = { readonly host: string; readonly port: number }

/** How a PostgreSQL database is reached and greeted, as DATABASE_URL says. */
export type PostgresServer = {
  /** In the order in which they are tried until one is a primary. */
  readonly hosts: readonly PostgresHost[]
  readonly config: Omit<pg.ClientConfig, 'host' | 'port'>
  /** Parameters of the session, said as a statement after connecting: poolers let few through before. */
  readonly settings: ReadonlyMap<string, string>
  /** Before what a connection is for, in the list of connections that the database shows. */
  readonly applicationName: string
  /** How long a connection is waited for, in milliseconds. */
  readonly connectMsMax: number
  /** Whoever answers must prove, bound to its certificate, that it knows the password. */
  readonly isBindingRequired: boolean
}

/**
 * Reads a URL as libpq does, providers' own among them. Throws StoreError with one sentence. None repeats a part
 * of the URL that may belong to a password, which often holds characters that cut a URL in another place.
 */
export function parsePostgresUrl(text: string): PostgresServer {
  const [, authority = '', path = '', query = ''] = SHAPE.exec(cleaned(text)) ?? refuseShape()
  if (/@/.test(path + query)) {
    throw urlRefusal(`has an @ behind the host, so that a password ends too early or too late: ${ENCODE}`)
  }
  if (path.includes('/')) throw urlRefusal(`has a / in the name of the database: write it as %2F; ${ENCODE}`)
  const at = authority.lastIndexOf('@')
  const [user, password] = credentialsOf(authority.slice(0, Math.max(at, 0)))
  const parameters = readPostgresParameters(query, at >= 0)
  const hosts = hostsOf({ ...listsOf(authority.slice(at + 1)), ...parameters.hosts })
  const database = parameters.database ?? decoded(path, 'the name of the database')
  if (database === '') throw urlRefusal('names no database: add it after the host, /latchkey')
  const { settings, applicationName, connectMsMax, isBindingRequired } = parameters
  return {
    hosts,
    config: {
      ...parameters.config,
      ...credentials(parameters.user ?? user, parameters.password ?? password),
      database,
      ssl: parameters.tlsFor(hosts.every(isLocal)),
    },
    settings,
    applicationName,
    connectMsMax,
    isBindingRequired,
  }
}

/** For people: without user and password. */
export function placeOf({ hosts, config: { database } }: Pick<PostgresServer, 'hosts' | 'config'>): string {
  return `PostgreSQL, ${hosts.map(hostText).join(',')}/${database}`
}

export const hostText = ({ host, port }: PostgresHost): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '::1'])
const isLocal = ({ host }: PostgresHost): boolean => LOCAL_HOSTS.has(host) || host.startsWith('/')

function cleaned(text: string): string {
  const url = text.trim()
  if (/^["'`]/.test(url)) {
    throw urlRefusal(
      'begins with a quotation mark: leave the quotes out, what reads the environment keeps them',
    )
  }
  if (/[\s\p{Cc}]/u.test(url)) throw urlRefusal(`holds a space or a control character: ${ENCODE}`)
  if (url.includes('#')) throw urlRefusal(`holds a #: ${ENCODE}`)
  return url
}

function refuseShape(): never {
  throw urlRefusal(`must be a URL such as ${EXAMPLE}`)
}

function credentialsOf(text: string): [user: string, password: string] {
  const colon = text.indexOf(':')
  const user = colon === -1 ? text : text.slice(0, colon)
  const password = colon === -1 ? '' : text.slice(colon + 1)
  return [decoded(user, 'the user'), decoded(password, 'the password')]
}

/** What is empty is left to the driver: PGUSER and the account's own name, PGPASSWORD and ~/.pgpass. */
function credentials(user: string, password: string): Pick<pg.ClientConfig, 'user' | 'password'> {
  return { ...(user === '' ? {} : { user }), ...(password === '' ? {} : { password }) }
}

/** The hosts between @ and /, as two lists. */
function listsOf(text: string): HostLists {
  const parts = text.split(',').map((part) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(part) ?? []
    if (bracketed === undefined && plain === undefined) throw refusedHost()
    return { host: decoded(bracketed ?? plain ?? '', 'the host'), port: port ?? '5432' }
  })
  return { host: parts.map(({ host }) => host), port: parts.map(({ port }) => port) }
}

/** One port is for all hosts, as in libpq. */
function hostsOf({ host: hosts = [''], port: ports = ['5432'] }: HostLists): PostgresHost[] {
  if (hosts.length > HOSTS_MAX) throw urlRefusal(`names more than ${HOSTS_MAX} hosts`)
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw urlRefusal('names another number of ports than of hosts: give one port for all, or one for each')
  }
  return hosts.map((text, index) => {
    const host = text === '' ? 'localhost' : text.replace(/^\[(.*)\]$/, '$1')
    if (!HOST.test(host)) throw refusedHost()
    return { host, port: portOf(ports[index] ?? ports[0] ?? '') }
  })
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw urlRefusal(
    'has a port that is no number from 1 to 65535; a password stands before the host, user:password@host',
  )
}

const refusedHost = () => urlRefusal(`names a host with a character that no name or address has; ${ENCODE}`)
