import type { Day } from '@latchkey/core/calendar'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import { sql } from 'kysely'
import { prepared } from '../prepared.ts'
import type { Db } from './schema.ts'
import { COUNT_COLUMNS, type Counts } from './usage-counts.ts'

/** What is added to the counts at once, and once: a report that is added again changes nothing. */
export type UsageReport = {
  readonly id: string
  readonly atMs: number
  /** In one order everywhere: two servers that add to the same rows must not wait for each other in a circle. */
  readonly keys: readonly KeyUse[]
  readonly companies: readonly CompanyUse[]
}

export type KeyUse = {
  readonly keyId: KeyId
  readonly day: Day
  readonly counts: Counts
  /** null: it was not refused. */
  readonly refusal: Refusal | null
  readonly networks: readonly NetworkUse[]
}

export type Refusal = { readonly atMs: number; readonly code: OutcomeCode; readonly address: string | null }

export type NetworkUse = {
  readonly isAccepted: boolean
  readonly network: string
  /** The last one of the network that was seen. */
  readonly address: string
  readonly firstAtMs: number
  readonly lastAtMs: number
}

/** `companyId` null: the operator's, for whoever asked without saying who it is. */
export type CompanyUse = { readonly companyId: CompanyId | null; readonly day: Day; readonly counts: Counts }

/** Networks that are kept of a key, those of refusals beside those of accepted uses. */
const NETWORKS_MAX = 20
/** More than there can be to take away at once. */
const TAKEN_MAX = 1_000

/**
 * Adds a report. What it says of keys and companies that are not there is left out. Answers whether it was not added
 * before.
 */
export async function addUsageReport(db: Db, { id, atMs, keys, companies }: UsageReport): Promise<boolean> {
  const [noted] = await insertReport(db, { id, atMs })
  if (noted === undefined) return false
  for (const { keyId, day, counts, refusal, networks } of keys) {
    const key = await numberOfKey(db, keyId)
    if (key === undefined) continue
    await addDay(db, rowOf(day, key.company_number, key.number, counts))
    if (refusal !== null) await noteRefusal(db, { number: key.number, ...refusal })
    for (const use of networks) await noteNetwork(db, { number: key.number, ...networkRow(use) })
    if (networks.length > 0) await keepLastNetworks(db, key.number)
  }
  for (const { companyId, day, counts } of companies) {
    const number = await numberOfCompany(db, companyId)
    if (number !== undefined) await addDay(db, rowOf(day, number, 0, counts))
  }
  return true
}

const insertReport = prepared((db, { id, atMs }: { id: string; atMs: number }) =>
  db
    .insertInto('usage_reports')
    .values({ id, at: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

type KeyNumber = { readonly number: number; readonly company_number: number }

async function numberOfKey(db: Db, keyId: KeyId): Promise<KeyNumber | undefined> {
  const [known] = await keyNumber(db, { keyId })
  if (known !== undefined) return known
  await insertCompany(db, { keyId })
  await insertKey(db, { keyId })
  return (await keyNumber(db, { keyId }))[0]
}

const keyNumber = prepared((db, { keyId }: { keyId: KeyId }) =>
  db.selectFrom('usage_keys').select(['number', 'company_number']).where('key_id', '=', keyId),
)

const insertCompany = prepared((db, { keyId }: { keyId: KeyId }) =>
  db
    .insertInto('usage_companies')
    .columns(['company_id'])
    .expression(db.selectFrom('keys').select('company_id').where('id', '=', keyId))
    .onConflict((conflict) => conflict.doNothing()),
)

const insertKey = prepared((db, { keyId }: { keyId: KeyId }) =>
  db
    .insertInto('usage_keys')
    .columns(['key_id', 'company_number'])
    .expression(
      db
        .selectFrom('keys as k')
        .innerJoin('usage_companies as c', 'c.company_id', 'k.company_id')
        .select(['k.id', 'c.number'])
        .where('k.id', '=', keyId),
    )
    .onConflict((conflict) => conflict.doNothing()),
)

async function numberOfCompany(db: Db, companyId: CompanyId | null): Promise<number | undefined> {
  const company = db
    .selectFrom('companies')
    .select('id')
    .$if(companyId !== null, (query) => query.where('id', '=', companyId))
    .$if(companyId === null, (query) => query.where('is_operator', '=', 1))
  await db
    .insertInto('usage_companies')
    .columns(['company_id'])
    .expression(company)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const row = await db
    .selectFrom('usage_companies')
    .select('number')
    .where('company_id', 'in', company)
    .executeTakeFirst()
  return row?.number
}

type DayRow = ReturnType<typeof rowOf>

const rowOf = (day: Day, companyNumber: number, keyNumber: number, counts: Counts) => ({
  day,
  company_number: companyNumber,
  key_number: keyNumber,
  ...(Object.fromEntries(COUNT_COLUMNS.map((column, index) => [column, counts[index] ?? 0])) as Record<
    (typeof COUNT_COLUMNS)[number],
    number
  >),
})

const addDay = prepared((db, row: DayRow) =>
  db
    .insertInto('usage_days')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['day', 'company_number', 'key_number']).doUpdateSet(sumsOf('usage_days')),
    ),
)

/** What is there already, and what is added. */
export const sumsOf = (table: 'usage_days' | 'usage_months') =>
  Object.fromEntries(
    COUNT_COLUMNS.map((column) => [
      column,
      sql<number>`${sql.ref(`${table}.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
    ]),
  )

type RefusalRow = Refusal & { readonly number: number }

const noteRefusal = prepared((db, { number, atMs, code, address }: RefusalRow) =>
  db
    .updateTable('usage_keys')
    .set({ last_refused_at: atMs, last_refused_code: code, last_refused_address: address })
    .where('number', '=', number)
    .where((where) => where.or([where('last_refused_at', 'is', null), where('last_refused_at', '<=', atMs)])),
)

type NetworkRow = ReturnType<typeof networkRow> & { readonly number: number }

const networkRow = ({ isAccepted, firstAtMs, lastAtMs, ...use }: NetworkUse) => ({
  ...use,
  isAccepted: isAccepted ? (1 as const) : (0 as const),
  firstAtMs,
  lastAtMs,
})

const noteNetwork = prepared((db, row: NetworkRow) =>
  db
    .insertInto('usage_networks')
    .values({
      key_number: row.number,
      is_accepted: row.isAccepted,
      network: row.network,
      address: row.address,
      first_at: row.firstAtMs,
      last_at: row.lastAtMs,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['key_number', 'is_accepted', 'network'])
        .doUpdateSet((set) => ({
          address: set.ref('excluded.address'),
          last_at: set.ref('excluded.last_at'),
        }))
        .whereRef('excluded.last_at', '>', 'usage_networks.last_at'),
    ),
)

async function keepLastNetworks(db: Db, number: number): Promise<void> {
  for (const isAccepted of [0, 1] as const) await dropOlderNetworks(db, { number, isAccepted })
}

const dropOlderNetworks = prepared((db, { number, isAccepted }: { number: number; isAccepted: 0 | 1 }) =>
  db
    .deleteFrom('usage_networks')
    .where('key_number', '=', number)
    .where('is_accepted', '=', isAccepted)
    .where('network', 'in', (query) =>
      query
        .selectFrom('usage_networks')
        .select('network')
        .where('key_number', '=', number)
        .where('is_accepted', '=', isAccepted)
        .orderBy('last_at', 'desc')
        .orderBy('network')
        .limit(TAKEN_MAX)
        .offset(NETWORKS_MAX),
    ),
)
