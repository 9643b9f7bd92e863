import { AppError } from '@latchkey/core/error'
import pg from 'pg'
import { PostgresClient } from './client.ts'
import { isConnectionLost, isSessionMoved, isUnavailable } from './errors.ts'
import { explainRight } from './missing-right.ts'
import type { ConnectionUse, PostgresReach } from './reach.ts'

/** An idle connection is given back after this long, in milliseconds. */
const IDLE_MS = 30_000

export type Pool = {
  /**
   * Lends a connection to `work`. One that failed, or on which a statement is still under way, is not lent
   * again. Throws AppError `unavailable` when none is to be had.
   */
  lend<T>(work: (client: PostgresClient) => Promise<T>): Promise<T>
  /** The same for work that changes nothing: a connection that turns out to be lost is replaced, and it is run again. */
  lendForReading<T>(work: (client: PostgresClient) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Connections for one kind of use, at most `connectionsMax`. `onError` hears of those that break while idle. */
export function createPool(
  reach: PostgresReach,
  use: ConnectionUse & { readonly connectionsMax: number },
  onError: (error: unknown) => void,
): Pool {
  const pool = new pg.Pool({
    Client: class extends PostgresClient {
      constructor() {
        super(reach, use)
      }
    },
    max: use.connectionsMax,
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: reach.server.connectMsMax,
  })
  pool.on('error', onError)
  const lend: Pool['lend'] = async (work) => {
    const client = await connect(pool, reach.server.hosts.length)
    // Without a listener, a connection that breaks while it is lent would end the process.
    client.on('error', onError)
    let isBroken = true
    try {
      const result = await work(client)
      isBroken = false
      return result
    } catch (error) {
      if (isSessionMoved(error)) reach.pooled.doubt()
      isBroken = isUnavailable(error) || (error instanceof Error && isUnavailable(error.cause))
      throw explainRight(error)
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

/** Each failure has the next host tried: see PostgresReach. */
async function connect(pool: pg.Pool, hosts: number): Promise<PostgresClient & pg.PoolClient> {
  for (let left = hosts; ; left -= 1) {
    try {
      return (await pool.connect()) as PostgresClient & pg.PoolClient
    } catch (cause) {
      if (left > 1) continue
      throw new AppError('unavailable', 'The database does not answer: try again in a moment.', {
        retryAfterSeconds: 1,
        cause,
      })
    }
  }
}
