import { AppError } from '@latchkey/core/error'
import pg from 'pg'
import { INTEGER_TYPES } from './postgres-connection.ts'
import { isConnectionLost, isUnavailable } from './postgres-errors.ts'
import { MARK_CLUSTER } from './postgres-head.ts'

/** How long a connection is waited for, in milliseconds. */
const CONNECT_MS_MAX = 5_000
/** A row that another transaction holds is waited for as long as the embedded store waits for its lock. */
const LOCK_MS_MAX = 5_000
/** The client gives up a little after the server should have: a network that is gone does not answer at all. */
const CLIENT_MARGIN_MS = 500
const IDLE_MS = 30_000

export type ConnectionUse = {
  readonly name: string
  readonly statementMsMax: number
}

/** What every connection of ours begins with. */
export function clientConfig(
  server: pg.ClientConfig,
  { name, statementMsMax }: ConnectionUse,
): pg.ClientConfig {
  return {
    ...server,
    application_name: `latchkey ${name}`,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    statement_timeout: statementMsMax,
    lock_timeout: Math.min(LOCK_MS_MAX, statementMsMax),
    query_timeout: statementMsMax + CLIENT_MARGIN_MS,
    options: '-c synchronous_commit=on -c timezone=UTC',
    types: INTEGER_TYPES,
  }
}

/** Before the first question on a connection: see MARK_CLUSTER. */
export async function markCluster(client: pg.ClientBase): Promise<void> {
  await client.query(MARK_CLUSTER)
}

export type Pool = {
  /**
   * Lends a connection to `work`. One that failed, or on which a statement is still under way, is not lent
   * again. Throws AppError `unavailable` when none is to be had.
   */
  lend<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T>
  /** The same for work that changes nothing: a connection that turns out to be lost is replaced, and it is run again. */
  lendForReading<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Connections for one kind of use, at most `connectionsMax`. `onError` hears of those that break while idle. */
export function createPool(
  server: pg.ClientConfig,
  use: ConnectionUse & { readonly connectionsMax: number },
  onError: (error: unknown) => void,
): Pool {
  const pool = new pg.Pool({
    ...clientConfig(server, use),
    max: use.connectionsMax,
    idleTimeoutMillis: IDLE_MS,
    onConnect: markCluster,
  })
  pool.on('error', onError)
  const lend: Pool['lend'] = async (work) => {
    const client = await pool.connect().catch((cause: unknown) => {
      throw new AppError('unavailable', 'The database does not answer: try again in a moment.', {
        retryAfterSeconds: 1,
        cause,
      })
    })
    // Without a listener, a connection that breaks while it is lent would end the process.
    client.on('error', onError)
    let isBroken = true
    try {
      const result = await work(client)
      isBroken = false
      return result
    } catch (error) {
      isBroken = isUnavailable(error) || (error instanceof Error && isUnavailable(error.cause))
      throw error
    } finally {
      client.off('error', onError)
      client.release(isBroken)
    }
  }

  return {
    lend,
    async lendForReading(work) {
      // As many times as there may be lost connections in the pool.
      for (let left = use.connectionsMax; ; left -= 1) {
        try {
          return await lend(work)
        } catch (error) {
          if (left === 0 || !isConnectionLost(error)) throw error
        }
      }
    },
    close: () => pool.end(),
  }
}
