import type { Day } from '@latchkey/core/calendar'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import { sql } from 'kysely'
import { prepared, preparedRows } from '../prepared.ts'
import type { Db } from './schema.ts'
import { addCounts, COUNT_COLUMNS, type Counts } from './usage-counts.ts'

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
  const known = await numbersOf(db, keys)
  await addDays(db, dayRows(known))
  for (const { use, number } of known) {
    if (use.refusal !== null) await noteRefusal(db, { number, ...use.refusal })
  }
  await noteNetworks(db, known)
  for (const { companyId, day, counts } of companies) {
    const number = await numberOfCompany(db, companyId)
    if (number !== undefined) await addDays(db, [rowOf(day, number, 0, counts)])
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

type Numbers = { readonly number: number; readonly company_number: number }
type NumberedUse = Numbers & { readonly use: KeyUse }

/** The uses of keys that are there, with their numbers: a key gets one when it is first counted. */
async function numbersOf(db: Db, uses: readonly KeyUse[]): Promise<NumberedUse[]> {
  const numbers = new Map<KeyId, Numbers>()
  const find = async (keyIds: ReadonlySet<KeyId>) => {
    const asked = Array.from(keyIds, (keyId) => ({ keyId }))
    for (const { key_id, ...found } of await keyNumbers(db, asked)) numbers.set(key_id, found)
  }
  await find(new Set(uses.map(({ keyId }) => keyId)))
  const added = new Set<KeyId>()
  for (const { keyId } of uses) {
    if (numbers.has(keyId) || added.has(keyId)) continue
    await insertCompany(db, { keyId })
    await insertKey(db, { keyId })
    added.add(keyId)
  }
  await find(added)
  return uses.flatMap((use) => {
    const found = numbers.get(use.keyId)
    return found === undefined ? [] : [{ ...found, use }]
  })
}

const keyNumbers = preparedRows((db, keys: readonly { keyId: KeyId }[]) =>
  db
    .selectFrom('usage_keys')
    .select(['key_id', 'number', 'company_number'])
    .where(
      'key_id',
      'in',
      keys.map(({ keyId }) => keyId),
    ),
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

/** One for each key and day: a statement adds to each row once. */
function dayRows(known: readonly NumberedUse[]): DayRow[] {
  const days = new Map<string, { readonly of: NumberedUse; readonly counts: Counts }>()
  for (const one of known) {
    const { day, counts } = one.use
    const place = `${one.number} ${day}`
    const before = days.get(place)
    if (before === undefined) days.set(place, { of: one, counts: [...counts] })
    else addCounts(before.counts, counts)
  }
  return Array.from(days.values(), ({ of: { use, company_number, number }, counts }) =>
    rowOf(use.day, company_number, number, counts),
  )
}

const addDays = preparedRows((db, rows: readonly DayRow[]) =>
  db
    .insertInto('usage_days')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['day', 'company_number', 'key_number']).doUpdateSet(sumsOf('usage_days')),
    ),
)

/** Verifiers elsewhere may say any number: beyond this a sum is no number any more, and then no column. */
const COUNT_MAX = sql.lit(Number.MAX_SAFE_INTEGER)

/** What is there already, and what is added. */
export const sumsOf = (table: 'usage_days' | 'usage_months') =>
  Object.fromEntries(
    COUNT_COLUMNS.map((column) => {
      const [there, added] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)]
      const sum = sql<number>`CASE WHEN ${there} > ${COUNT_MAX} - ${added} THEN ${COUNT_MAX} ELSE ${there} + ${added} END`
      return [column, sum]
    }),
  )

type RefusalRow = Refusal & { readonly number: number }

const noteRefusal = prepared((db, { number, atMs, code, address }: RefusalRow) =>
  db
    .updateTable('usage_keys')
    .set({ last_refused_at: atMs, last_refused_code: code, last_refused_address: address })
    .where('number', '=', number)
    .where((where) => where.or([where('last_refused_at', 'is', null), where('last_refused_at', '<=', atMs)])),
)

/** Adds the networks, and lets go of the oldest beyond those that are kept. */
async function noteNetworks(db: Db, known: readonly NumberedUse[]): Promise<void> {
  const rows = networkRows(known)
  if (rows.length === 0) return
  await upsertNetworks(db, rows)
  const numbers = Array.from(new Set(rows.map(({ number }) => number)), (number) => ({ number }))
  for (const { key_number: number, is_accepted: isAccepted } of await findTooMany(db, numbers)) {
    await dropOlderNetworks(db, { number, isAccepted })
  }
}

type NetworkRow = ReturnType<typeof networkRow>

const networkRow = (number: number, { isAccepted, ...use }: NetworkUse) => ({
  number,
  ...use,
  isAccepted: isAccepted ? (1 as const) : (0 as const),
})

/** Each once, also if its key was used on two days; in one order everywhere, as the keys are. */
function networkRows(known: readonly NumberedUse[]): NetworkRow[] {
  const rows = new Map<string, NetworkRow>()
  for (const { number, use } of known) {
    for (const network of use.networks) {
      const place = `${number} ${network.isAccepted} ${network.network}`
      const before = rows.get(place)
      const { firstAtMs } = before ?? network
      if (before === undefined || before.lastAtMs <= network.lastAtMs)
        rows.set(place, networkRow(number, { ...network, firstAtMs }))
    }
  }
  return [...rows.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}

const upsertNetworks = preparedRows((db, rows: readonly NetworkRow[]) =>
  db
    .insertInto('usage_networks')
    .values(
      rows.map((row) => ({
        key_number: row.number,
        is_accepted: row.isAccepted,
        network: row.network,
        address: row.address,
        first_at: row.firstAtMs,
        last_at: row.lastAtMs,
      })),
    )
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

const findTooMany = preparedRows((db, keys: readonly { number: number }[]) =>
  db
    .selectFrom('usage_networks')
    .select(['key_number', 'is_accepted'])
    .where(
      'key_number',
      'in',
      keys.map(({ number }) => number),
    )
    .groupBy(['key_number', 'is_accepted'])
    .having(({ fn }) => fn.countAll(), '>', NETWORKS_MAX),
)

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
