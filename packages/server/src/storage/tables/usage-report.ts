import type { Day } from '@latchkey/core/calendar'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import { sql } from 'kysely'
import { prepared, preparedRows } from '../prepared.ts'
import type { Db } from './schema.ts'
import { addCounts, COUNT_COLUMNS, type Counts } from './usage-counts.ts'
import { type NetworkUse, noteNetworks } from './usage-networks.ts'

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

/** `companyId` null: the operator's, for whoever asked without saying who it is. */
export type CompanyUse = { readonly companyId: CompanyId | null; readonly day: Day; readonly counts: Counts }

/** What is added in one go: some tenths of a millisecond on the embedded store. */
const PIECE = 20

/**
 * Adds a report. What it says of keys and companies that are not there is left out. Answers whether it was not added
 * before. `pause`: after each piece, so that others have their turn.
 */
export async function addUsageReport(
  db: Db,
  { id, atMs, keys, companies }: UsageReport,
  pause: () => Promise<unknown> = async () => {},
): Promise<boolean> {
  const [noted] = await insertReport(db, { id, atMs })
  if (noted === undefined) return false
  const inPieces = async <T>(items: readonly T[], add: (piece: readonly T[]) => Promise<void>) => {
    for (let start = 0; start < items.length; start += PIECE) {
      await add(items.slice(start, start + PIECE))
      await pause()
    }
  }
  const known: NumberedUse[] = []
  await inPieces(keys, async (uses) => void known.push(...(await numbersOf(db, uses))))
  // One table after the other: two servers whose pieces are others must not wait for each other in a circle.
  await inPieces(known, async (uses) => void (await addDays(db, dayRows(uses))))
  await inPieces(known, (uses) => noteRefusals(db, uses))
  await inPieces(known, (uses) => noteNetworks(db, uses.map(networksOf)))
  await inPieces(companies, (uses) => addCompanies(db, uses))
  return true
}

const networksOf = ({ number, use }: NumberedUse) => ({ number, networks: use.networks })

async function noteRefusals(db: Db, uses: readonly NumberedUse[]): Promise<void> {
  for (const { use, number } of uses) {
    if (use.refusal !== null) await noteRefusal(db, { number, ...use.refusal })
  }
}

async function addCompanies(db: Db, uses: readonly CompanyUse[]): Promise<void> {
  for (const { companyId, day, counts } of uses) {
    const number = await numberOfCompany(db, companyId)
    if (number !== undefined) await addDays(db, [rowOf(day, number, 0, counts)])
  }
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
  const id = companyId ?? (await operatorId(db, {}))[0]?.id
  if (id === undefined) return undefined
  const known = await companyNumber(db, { id })
  if (known.length > 0) return known[0]?.number
  await insertCompanyById(db, { id })
  return (await companyNumber(db, { id }))[0]?.number
}

const operatorId = prepared((db, _: Record<string, never>) =>
  db.selectFrom('companies').select('id').where('is_operator', '=', 1),
)

const companyNumber = prepared((db, { id }: { id: CompanyId }) =>
  db.selectFrom('usage_companies').select('number').where('company_id', '=', id),
)

const insertCompanyById = prepared((db, { id }: { id: CompanyId }) =>
  db
    .insertInto('usage_companies')
    .columns(['company_id'])
    .expression(db.selectFrom('companies').select('id').where('id', '=', id))
    .onConflict((conflict) => conflict.doNothing()),
)

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
