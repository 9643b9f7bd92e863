import type pg from 'pg'
import type { FollowedChanges, Observation, ServerRow } from '../engine.ts'
import { PostgresClient } from './client.ts'
import { HEAD_CHANNEL, NO_LOG, OBSERVE, type SeenHead } from './head.ts'
import type { Pool } from './pool.ts'
import type { PostgresReach } from './reach.ts'

const STATEMENT_MS_MAX = 1_000
/** Between two attempts to listen again, in milliseconds. The poll goes on meanwhile. */
const LISTEN_AGAIN_MS = 1_000

const ANNOUNCE = `INSERT INTO servers (id, epoch, applied, beat, unknown) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, applied = excluded.applied, beat = excluded.beat,
  unknown = excluded.unknown`

type Followed = FollowedChanges & { close(): Promise<void> }

/** `pool` is for surveys, which must not wait behind a poll. `onError` hears of connections that break. */
export function createPostgresFollowed(
  reach: PostgresReach,
  pool: Pool,
  onError: (error: unknown) => void,
): Followed {
  const follower = createKeptClient(reach, 'follower', onError)
  const listener = createListener(reach, onError)

  const observe = async (client: PostgresClient, revision: number): Promise<Observation> => {
    const question = { name: 'observe', text: OBSERVE, values: [revision] }
    const { rows } = await client.query<Observation & SeenHead>(question)
    const [seen] = rows
    if (seen === undefined) throw new Error('the head of the store is missing')
    client.assertOwn(seen.pid)
    return seen
  }
  const withdraw = (id: string) =>
    pool.lend(async (client) => void (await client.query('DELETE FROM servers WHERE id = $1', [id])))

  return {
    kind: 'followed',
    async announce({ id, epoch, applied, beat, unknown = {} }: ServerRow) {
      const client = await follower.get()
      const values = [id, epoch, applied, beat, JSON.stringify(unknown)]
      await client.query({ name: 'announce', text: ANNOUNCE, values })
    },
    observe: async (revision) => observe(await follower.get(), revision),
    survey: () => pool.lendForReading((client) => observe(client, NO_LOG)),
    reset: follower.reset,
    async forget(id, beat) {
      await pool.lend((client) => client.query('DELETE FROM servers WHERE id = $1 AND beat = $2', [id, beat]))
    },
    withdraw,
    async distrust(epoch) {
      await pool.lend((client) => client.query("UPDATE head SET timeline = '' WHERE epoch = $1", [epoch]))
    },
    onWake: listener.start,
    async close() {
      listener.stop()
      follower.close()
    },
  }
}

/**
 * One connection, made when first needed and again after it broke. To make one takes many more ways to the database and
 * back than a question does: whoever gives a question up gives up one that is there, and one that is being made is waited
 * for by those who ask next, for as long as a connection may take.
 */
function createKeptClient(reach: PostgresReach, name: string, onError: (error: unknown) => void) {
  let current: Promise<PostgresClient> | undefined
  let isMade = false
  /** Counts what was given up: a question that waited for the connection meanwhile is not asked any more. */
  let resets = 0

  function connect(): Promise<PostgresClient> {
    const client = new PostgresClient(reach, { name, statementMsMax: STATEMENT_MS_MAX })
    const forget = () => {
      if (current === connecting) current = undefined
    }
    client.on('error', (error) => {
      forget()
      onError(error)
    })
    client.on('end', forget)
    isMade = false
    const connecting = client.connect().then(() => {
      isMade = true
      return client
    })
    // Whoever asked gets the error; the next one to ask connects again.
    connecting.catch(forget)
    return connecting
  }

  function drop(): void {
    const dropped = current
    current = undefined
    // One that never connected has told whoever asked for it.
    dropped?.then(cutOff, () => {})
  }

  return {
    async get(): Promise<PostgresClient> {
      const asked = resets
      current ??= connect()
      const client = await current
      if (asked !== resets) throw new Error('the question was given up')
      return client
    },
    reset(): void {
      resets += 1
      if (isMade) drop()
    },
    close(): void {
      resets += 1
      drop()
    },
  }
}

/** Not `end`, which would wait its turn behind a statement that may never be answered. What follows is no news. */
function cutOff(client: pg.Client): void {
  client.removeAllListeners('error')
  client.on('error', () => {})
  client.connection.stream.destroy()
}

function createListener(reach: PostgresReach, onError: (error: unknown) => void) {
  let client: pg.Client | undefined
  let isStopped = false

  async function listen(wake: () => void): Promise<void> {
    if (isStopped) return
    const listening = new PostgresClient(reach, { name: 'listener', statementMsMax: STATEMENT_MS_MAX })
    client = listening
    listening.on('notification', wake)
    listening.on('error', onError)
    listening.on('end', () => {
      if (!isStopped) setTimeout(() => void listen(wake), LISTEN_AGAIN_MS).unref()
    })
    try {
      await listening.connect()
      await listening.query(`LISTEN ${HEAD_CHANNEL}`)
      // Whatever was announced while nobody listened.
      wake()
    } catch (error) {
      onError(error)
      cutOff(listening)
    }
  }

  return {
    start: (wake: () => void) => void listen(wake),
    stop() {
      isStopped = true
      if (client !== undefined) cutOff(client)
    },
  }
}
