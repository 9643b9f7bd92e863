import type pg from 'pg'
import { INTEGER_TYPES } from './integer-types.ts'
import type { PostgresHost, PostgresServer } from './url.ts'

/** The client gives up a little after the server should have: a network that is gone does not answer at all. */
const CLIENT_MARGIN_MS = 500

export type ConnectionUse = {
  readonly name: string
  readonly statementMsMax: number
}

/** Which of the hosts in DATABASE_URL is asked; all connections of a process go to one of them. */
export type PostgresReach = {
  readonly server: PostgresServer
  /** The one that answered last as the primary, or the next to be tried. */
  host(): PostgresHost
  /** It did not answer, or is no primary: the next one is asked from now on. */
  avoid(host: PostgresHost): void
  /** Sessions seen through a pooler. */
  readonly pooled: PooledSessions
}

/** What is known of a pooler: two sessions in one process of the database are none. */
type PooledSessions = {
  /** Whether `pid` may be a session of its own, as far as is known. */
  isPlausible(pid: number): boolean
  /** Looked at closely, it was one. */
  confirm(): void
  /** A session was moved: what was seen before is not true any more. */
  doubt(): void
  begin(pid: number): void
  end(pid: number): void
}

export function createReach(server: PostgresServer): PostgresReach {
  let place = 0
  const host = () => server.hosts[place]!
  return {
    server,
    host,
    avoid(failed) {
      if (host() === failed) place = (place + 1) % server.hosts.length
    },
    pooled: createPooledSessions(),
  }
}

function createPooledSessions(): PooledSessions {
  const open = new Set<number>()
  let isConfirmed = false
  return {
    isPlausible: (pid) => isConfirmed && !open.has(pid),
    confirm() {
      isConfirmed = true
    },
    doubt() {
      isConfirmed = false
    },
    begin: (pid) => void open.add(pid),
    end: (pid) => void open.delete(pid),
  }
}

/** A connection as it begins, without a statement about its session. */
export function plainConfig(
  { config, applicationName, connectMsMax }: PostgresServer,
  { host, port }: PostgresHost,
  { name, statementMsMax }: ConnectionUse,
): pg.ClientConfig {
  return {
    ...config,
    host,
    port,
    application_name: `${applicationName} ${name}`,
    connectionTimeoutMillis: connectMsMax,
    query_timeout: statementMsMax + CLIENT_MARGIN_MS,
    types: INTEGER_TYPES,
    pipeline: true,
  }
}

/** The process that the database names when a connection begins. A pooler makes up another number. */
export const backendOf = (client: pg.ClientBase): number | null =>
  (client as pg.ClientBase & { readonly processID: number | null }).processID
