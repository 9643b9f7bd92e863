import { type Address, formatAddress } from '@latchkey/core/address'
import type { Day } from '@latchkey/core/calendar'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import { type RawBuilder, sql } from 'kysely'
import { prepared, preparedRows } from '../prepared.ts'
import { keptAddress } from './erased.ts'
import type { Db } from './schema.ts'
import { addCounts, COUNT_COLUMNS, type CountColumns, type Counts, indexOf } from './usage-counts.ts'
import { type NetworkUse, noteNetworks } from './usage-networks.ts'

/** What is added to the counts at once, and once: a report that is added again changes nothing. */
export type UsageReport = {
  readonly id: string
  /** One that was added before this one began, and will not come again: its id is needed no more. */
  readonly after?: string | undefined
  readonly atMs: number
  /** In the order of their ids: two servers that add to the same rows must not wait for each other in a circle. */
  readonly keys: readonly KeyUse[]
  readonly companies: readonly CompanyUse[]
}

export type KeyUse = {
  readonly keyId: KeyId
  readonly day: Day
  readonly counts: Counts
  /** null: it was not refused. */
  readonly refusal: Refused | null
  readonly networks: readonly NetworkUse[]
}

export type Refusal = { readonly atMs: number; readonly code: OutcomeCode; readonly address: string | null }
export type Refused = Omit<Refusal, 'address'> & { readonly address: Address | undefined }

/** `companyId` null: the operator's, for whoever asked without saying who it is. */
export type CompanyUse = { readonly companyId: CompanyId | null; readonly day: Day; readonly counts: Counts }

/** What is added in one go: some tenths of a millisecond on the embedded store. */
const PIECE = 50

/**
 * Adds a report. What it says of keys and companies that are not there is left out. Answers whether it was not added
 * before. `pause`: after each piece, so that others have their turn.
 */
export async function addUsageReport(
  db: Db,
  { id, after, atMs, keys, companies }: UsageReport,
  pause: () => Promise<unknown> = async () => {},
): Promise<boolean> {
  const [noted] = await insertReport(db, { id, atMs })
  if (noted === undefined) return false
  if (after !== undefined) await deleteReport(db, { id: after })
  const inPieces = async <T>(items: readonly T[], add: (piece: readonly T[]) => Promise<void>) => {
    for (let start = 0; start < items.length; start += PIECE) {
      await add(items.slice(start, start + PIECE))
      await pause()
    }
  }
  const known: NumberedUse[] = []
  await inPieces(keys, (uses) => addNumbered(known, db, uses))
  // One table after the other: two servers whose pieces are others must not wait for each other in a circle.
  await inPieces(known, (uses) => addUses(db, uses))
  await inPieces(known, (uses) => noteRefusals(db, uses))
  await inPieces(known, (uses) => noteNetworks(db, uses))
  await inPieces(companies, (uses) => addCompanies(db, uses))
  return true
}

async function noteRefusals(db: Db, uses: readonly NumberedUse[]): Promise<void> {
  for (const { use, number } of uses) {
    if (use.refusal === null) continue
    const { atMs, code, address } = use.refusal
    const text = address === undefined ? null : formatAddress(address)
    await noteRefusal(db, { number, atMs, code, address: text })
  }
}

async function addCompanies(db: Db, uses: readonly CompanyUse[]): Promise<void> {
  for (const { companyId, day, counts } of uses) {
    const number = await numberOfCompany(db, companyId)
    if (number !== undefined) await addDays(db, [{ day, companyNumber: number, keyNumber: 0, counts }])
  }
}

const insertReport = prepared((db, { id, atMs }: { id: string; atMs: number }) =>
  db
    .insertInto('usage_reports')
    .values({ id, at: atMs })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const deleteReport = prepared((db, { id }: { id: string }) =>
  db.deleteFrom('usage_reports').where('id', '=', id),
)

type NumberedUse = { readonly number: number; readonly companyNumber: number; readonly use: KeyUse }

/** Adds to `known` those of keys that are there, with their numbers: a key gets one when it is first counted. */
async function addNumbered(known: NumberedUse[], db: Db, uses: readonly KeyUse[]): Promise<void> {
  const numbers = new Map((await keyNumbers(db, uses)).map((row) => [row.key_id, row]))
  const added: KeyUse[] = []
  for (const use of uses) {
    const { keyId } = use
    if (numbers.has(keyId)) continue
    await insertCompany(db, { keyId })
    await insertKey(db, { keyId })
    added.push(use)
  }
  for (const row of added.length === 0 ? [] : await keyNumbers(db, added)) numbers.set(row.key_id, row)
  for (const use of uses) {
    const found = numbers.get(use.keyId)
    if (found !== undefined) known.push({ number: found.number, companyNumber: found.company_number, use })
  }
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

type DayUse = {
  readonly day: Day
  readonly companyNumber: number
  /** 0: all keys of the company. */
  readonly keyNumber: number
  readonly counts: Counts
}

/** A statement adds to each row once: uses of one key, which come one after the other, are one for each day. */
async function addUses(db: Db, uses: readonly NumberedUse[]): Promise<void> {
  const days: DayUse[] = []
  for (const { number, companyNumber, use } of uses) {
    let place = days.length - 1
    while (place >= 0 && days[place]!.keyNumber === number && days[place]!.day !== use.day) place -= 1
    const before = days[place]
    if (before === undefined || before.keyNumber !== number) {
      days.push({ day: use.day, companyNumber, keyNumber: number, counts: use.counts })
    } else {
      const counts = [...before.counts]
      addCounts(counts, use.counts)
      days[place] = { ...before, counts }
    }
  }
  await addDays(db, days)
}

/** Nearly all keys are only accepted, and a row of which one count moves takes half the time. */
async function addDays(db: Db, days: readonly DayUse[]): Promise<void> {
  if (days.every(isAcceptedOnly)) await addValid(db, days.map(validRow))
  else await addAll(db, days.map(wholeRow))
}

const VALID = indexOf('VALID')

const isAcceptedOnly = ({ counts }: DayUse): boolean => {
  for (let index = 0; index < counts.length; index++) if (index !== VALID && counts[index] !== 0) return false
  return true
}

const validRow = ({ day, companyNumber, keyNumber, counts }: DayUse) => ({
  day,
  company_number: companyNumber,
  key_number: keyNumber,
  valid: counts[VALID] ?? 0,
})

const wholeRow = (use: DayUse) => {
  const row = { ...validRow(use), ...NO_COUNTS }
  for (const [index, column] of COUNT_COLUMNS.entries()) row[column] = use.counts[index] ?? 0
  return row
}

const NO_COUNTS = Object.fromEntries(COUNT_COLUMNS.map((column) => [column, 0])) as CountColumns
const PLACE = ['day', 'company_number', 'key_number'] as const

const addAll = preparedRows((db, rows: readonly ReturnType<typeof wholeRow>[]) =>
  db
    .insertInto('usage_days')
    .values(rows)
    .onConflict((conflict) => conflict.columns(PLACE).doUpdateSet(sumsOf('usage_days'))),
)

const addValid = preparedRows((db, rows: readonly ReturnType<typeof validRow>[]) =>
  db
    .insertInto('usage_days')
    .values(rows.map((row) => ({ ...NO_COUNTS_SAID, ...row })))
    .onConflict((conflict) => conflict.columns(PLACE).doUpdateSet({ valid: sumOf('usage_days', 'valid') })),
)

const NO_COUNTS_SAID = Object.fromEntries(COUNT_COLUMNS.map((column) => [column, sql.lit(0)])) as Record<
  keyof CountColumns,
  RawBuilder<number>
>

/** Verifiers elsewhere may say any number: beyond this a sum is no number any more, and then no column. */
const COUNT_MAX = sql.lit(Number.MAX_SAFE_INTEGER)

/** What is there already, and what is added. */
export const sumsOf = (table: 'usage_days' | 'usage_months') =>
  Object.fromEntries(COUNT_COLUMNS.map((column) => [column, sumOf(table, column)]))

function sumOf(table: 'usage_days' | 'usage_months', column: keyof CountColumns): RawBuilder<number> {
  const [there, added] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)]
  return sql<number>`CASE WHEN ${there} > ${COUNT_MAX} - ${added} THEN ${COUNT_MAX} ELSE ${there} + ${added} END`
}

type RefusalRow = Refusal & { readonly number: number }

const noteRefusal = prepared((db, { number, atMs, code, address }: RefusalRow) =>
  db
    .updateTable('usage_keys')
    .set({
      last_refused_at: atMs,
      last_refused_code: code,
      last_refused_address: keptAddress(sql`${address}`, sql.ref('usage_keys.key_id')),
    })
    .where('number', '=', number)
    .where((where) => where.or([where('last_refused_at', 'is', null), where('last_refused_at', '<=', atMs)])),
)
