import type { DatabaseSync } from 'node:sqlite'
import type { FollowedChanges, Observation, ServerRow, UnknownRevisions } from '../engine.ts'
import { prepared } from '../prepared.ts'
import { LOG_ROWS_MAX } from '../tables/log.ts'
import type { Db, HeadRow, LogRow } from '../tables/schema.ts'
import type { Snapshot } from './snapshot.ts'

/** How long a verifier may answer from memory after its proof, and what is waited beyond it; as on the other store. */
const LEASE_MS = 2_000
const MARGIN_MS = 500
/** How long leases of before may run on. */
export const LENT_MS = LEASE_MS + MARGIN_MS
/** How often a process with verifiers looks whether another moved the head: 5 µs each time. */
const LOOK_EVERY_MS = 10

type StoredServer = Omit<ServerRow, 'unknown'> & { readonly unknown: string }

/**
 * What processes of one file tell each other while verifiers are connected to one of them: as servers do on the other
 * store. `write` is one durable transaction.
 */
export function createSqliteFollowed(
  database: DatabaseSync,
  snapshot: Pick<Snapshot, 'leave'>,
  write: <T>(work: (db: Db) => Promise<T>) => Promise<T>,
): FollowedChanges {
  const head = database.prepare('SELECT revision FROM head')
  const observe = createObserve(database, snapshot)

  /** undefined: it cannot be read now. Whoever is woken for that finds out why. */
  function findRevision(): unknown {
    try {
      return head.get()?.revision
    } catch {
      return undefined
    }
  }

  return {
    kind: 'followed',
    announce: (row) => write((db) => upsertServer(db, row)),
    observe: async (after) => observe(after),
    survey: async () => observe(Number.MAX_SAFE_INTEGER),
    reset: () => {},
    forget: (id, beat) =>
      write(async (db) => {
        await db.deleteFrom('servers').where('id', '=', id).where('beat', '=', beat).execute()
      }),
    withdraw: (id) =>
      write(async (db) => {
        await db.deleteFrom('servers').where('id', '=', id).execute()
      }),
    // Whoever looks at the head looks at the same file.
    distrust: async () => {},
    onWake(wake) {
      let seen = findRevision()
      const looking = setInterval(() => {
        if (!database.isOpen) {
          clearInterval(looking)
          return
        }
        const now = findRevision()
        if (now !== seen && !wake()) clearInterval(looking)
        seen = now
      }, LOOK_EVERY_MS)
      looking.unref()
    },
  }
}

const serverOf = (row: StoredServer): ServerRow => ({
  ...row,
  unknown: JSON.parse(row.unknown) as UnknownRevisions,
})

async function upsertServer(db: Db, { id, epoch, applied, beat, unknown = {} }: ServerRow): Promise<void> {
  const row = { epoch, applied, beat, unknown: JSON.stringify(unknown) }
  await db
    .insertInto('servers')
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
}

const anyServer = prepared((db, _none: Record<string, never>) =>
  db.selectFrom('servers').select('id').limit(1),
)

/** Whether verifiers may be connected to a process of this file. Part of a write, before it is committed. */
export async function hasServers(db: Db): Promise<boolean> {
  return (await anyServer(db, {})).length > 0
}

function createObserve(
  database: DatabaseSync,
  snapshot: Pick<Snapshot, 'leave'>,
): (after: number) => Observation {
  const state = database.prepare('SELECT revision, epoch, is_accepted FROM head')
  const log = database.prepare(
    `SELECT revision, scope, object_id, company_id FROM log WHERE revision > ?1
      AND ?1 >= (SELECT revision FROM head) - ${LOG_ROWS_MAX} ORDER BY revision`,
  )
  const servers = database.prepare('SELECT id, epoch, applied, beat, unknown FROM servers')

  return (after) => {
    snapshot.leave()
    database.exec('BEGIN')
    try {
      const now = state.get() as HeadRow & { is_accepted: 0 | 1 }
      return {
        revision: now.revision,
        epoch: now.epoch,
        isAccepted: now.is_accepted === 1,
        rows: log.all(after) as LogRow[],
        servers: (servers.all() as StoredServer[]).map(serverOf),
        leaseMs: LEASE_MS,
        marginMs: MARGIN_MS,
      }
    } finally {
      // A read that met a fault of the disk has ended it by itself.
      if (database.isTransaction) database.exec('COMMIT')
    }
  }
}
