import type pg from 'pg'
import { KEY_BEGINS, type KeyBegin } from '../key-begins.ts'
import type { LackingRights } from '../lacking-rights.ts'
import { findUnknownMigrations, isMigrated, type SchemaDifference } from '../migrations/postgres.ts'
import type { StrangeObject } from '../strange-object.ts'
import { USAGE_EXTENT, type UsageExtent } from '../usage-extent.ts'
import { connectClient } from './client.ts'
import { READ_HEAD } from './head.ts'
import { findLackingRights, mayMigrate } from './lacking-rights.ts'
import { findStrangePostgresObjects } from './objects.ts'
import { createReach } from './reach.ts'
import { cannotBeUsed } from './remedy.ts'
import { assertServer, type Durability } from './set-up.ts'
import { parsePostgresUrl, placeOf } from './url.ts'

const STATEMENT_MS_MAX = 60_000

/**
 * A database as it was found. Everything after `lacking` is undefined before the first start, and when its tables may not
 * be read.
 */
export type PostgresState = {
  readonly place: string
  readonly version: string
  /** What is off at the server, and accepted. */
  readonly off: readonly Durability[]
  /** By how much its clock differs from that of this machine at least, in milliseconds. */
  readonly clocksApartMs: number
  readonly connectionsMax: number
  readonly schema: SchemaDifference
  /** Whether the role may apply what is missing. */
  readonly mayMigrate: boolean
  readonly lacking: readonly LackingRights[]
  readonly isAccepted: boolean | undefined
  readonly secretCheck: Uint8Array | undefined
  readonly newestMs: number | undefined
  readonly servers: number | undefined
  readonly usage: UsageExtent | undefined
  readonly strange: readonly StrangeObject[]
  readonly keyBegins: readonly KeyBegin[]
}

const FACTS = `SELECT current_setting('server_version') AS version,
  current_setting('max_connections')::int AS "connectionsMax",
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "clockMs"`

const CONTENTS = `SELECT (SELECT secret_check FROM deployment) AS "secretCheck",
  (SELECT count(*) FROM servers) AS servers,
  greatest((SELECT created_at FROM deployment), (SELECT max(updated_at) FROM companies),
    (SELECT max(e.at) FROM companies c JOIN audit_events e ON e.company_id = c.id AND e.sequence = c.audit_count),
    (SELECT max(last_used_at) FROM key_usage)) AS "newestMs"`

/** Looks at a database and changes nothing. Throws StoreError with what is wrong and what to do. */
export function inspectPostgres(
  url: string,
  acceptedOff: readonly Durability[],
  statementMsMax = STATEMENT_MS_MAX,
): Promise<PostgresState> {
  return inspect(url, statementMsMax, async (client, place) => ({
    place,
    off: await assertServer(client, acceptedOff),
    ...(await look(client)),
  }))
}

/** Whether a service has made its tables there. Throws StoreError when the server does not answer. */
export const isPostgresSetUp = (url: string): Promise<boolean> => inspect(url, STATEMENT_MS_MAX, isMigrated)

async function inspect<T>(
  url: string,
  statementMsMax: number,
  work: (client: pg.Client, place: string) => Promise<T>,
): Promise<T> {
  const reach = createReach(parsePostgresUrl(url))
  let client: pg.Client | undefined
  try {
    client = await connectClient(reach, { name: 'doctor', statementMsMax })
    return await work(client, placeOf(reach.server))
  } catch (error) {
    throw cannotBeUsed(reach.server, error)
  } finally {
    await client?.end().catch(() => {})
  }
}

async function look(client: pg.ClientBase): Promise<Omit<PostgresState, 'place' | 'off'>> {
  const { facts, clocksApartMs } = await lookAtFacts(client)
  const schema = await findUnknownMigrations(client)
  const isOurs = schema.missing.length === 0 && schema.newer.length === 0
  const lacking = isOurs ? await findLackingRights(client) : []
  const isUsable = isOurs && !lacking.some(({ rights }) => rights.includes('SELECT'))
  const head = isUsable ? (await client.query(READ_HEAD)).rows[0] : undefined
  const contents = isUsable ? (await client.query(CONTENTS)).rows[0] : undefined
  return {
    schema,
    mayMigrate: await mayMigrate(client),
    lacking,
    ...facts,
    clocksApartMs,
    isAccepted: head?.isAccepted,
    secretCheck: contents?.secretCheck ?? undefined,
    newestMs: contents?.newestMs ?? undefined,
    servers: contents?.servers,
    usage: isUsable ? (await client.query(USAGE_EXTENT)).rows[0] : undefined,
    keyBegins: isUsable ? (await client.query<KeyBegin>(KEY_BEGINS)).rows : [],
    strange: isUsable ? await findStrangePostgresObjects(client) : [],
  }
}

/** The answer may be long on its way: only what cannot be that is a difference. */
async function lookAtFacts(client: pg.ClientBase) {
  const askedAtMs = Date.now()
  const { clockMs, ...facts } = (await client.query(FACTS)).rows[0]
  return { facts, clocksApartMs: Math.max(0, clockMs - Date.now(), askedAtMs - clockMs) }
}
