import { DatabaseSync } from 'node:sqlite'
import {
  FORGOTTEN_KINDS,
  type ForgottenKind,
  forgottenOfCompany,
  forgottenOfKey,
  forgottenOfPerson,
  forgottenOfSecret,
  forgottenOfUser,
  type StoredRow,
} from '../tables/forgotten.ts'

/** Of each kind so many are named; the rest is counted. */
const NAMED_MAX = 20

/** What a restored store does not know of the one it takes the place of. */
export type Forgotten = {
  /** Changes that could alter a verdict, at most. */
  readonly revisions: number
  /** What had been taken away and is there again; kinds of which there is none are left out. */
  readonly kinds: readonly {
    readonly kind: ForgottenKind
    readonly count: number
    readonly names: readonly string[]
  }[]
}

/**
 * Compares a restored store with the one that was in use before. undefined when that one cannot be read: it may be the
 * reason for the restore. Each may be of another release.
 */
export function findForgotten(old: string, restored: string, nowMs: number): Forgotten | undefined {
  const database = new DatabaseSync(restored, { readOnly: true })
  try {
    database.prepare('ATTACH ? AS old').run(old)
    // What was restored and never used would be said to lack nothing.
    if (database.prepare('SELECT is_accepted FROM old.head').get()?.is_accepted !== 1) return undefined
    const found = new Map<ForgottenKind, { count: number; names: string[] }>()
    for (const [kind, name] of forgottenIn(database, nowMs)) {
      const { count, names } = found.get(kind) ?? { count: 0, names: [] }
      if (count < NAMED_MAX) names.push(name)
      found.set(kind, { count: count + 1, names })
    }
    const { revisions } = database
      .prepare('SELECT o.revision - n.revision + 1 AS revisions FROM old.head o, main.head n')
      .get() as { revisions: number }
    const kinds = FORGOTTEN_KINDS.filter((kind) => found.has(kind)).map((kind) => ({
      kind,
      ...found.get(kind)!,
    }))
    return { revisions: Math.max(0, revisions), kinds }
  } catch {
    return undefined
  } finally {
    database.close()
  }
}

function* forgottenIn(database: DatabaseSync, nowMs: number): Generator<readonly [ForgottenKind, string]> {
  const named = [
    ['companies', forgottenOfCompany],
    ['users', forgottenOfUser],
    ['keys', forgottenOfKey],
  ] as const
  for (const [table, forgottenOf] of named) {
    for (const { restored, old } of pairsOf(database, table, 'id')) {
      for (const kind of forgottenOf(restored, old)) yield [kind, String(restored.id)]
    }
  }
  if (
    ['main', 'old'].every((schema) => columnsOf(database, schema as 'main' | 'old', 'secrets').length > 0)
  ) {
    for (const { restored, old } of pairsOf(database, 'secrets', 'tag')) {
      for (const kind of forgottenOfSecret(restored, old, nowMs)) yield [kind, String(restored.key_id)]
    }
  }
  const ofPeople = [
    ['passwords', 'user_id', ({ user_id: userId }: StoredRow) => String(userId)],
    ['invitations', 'hash', ({ user_id: userId }: StoredRow) => String(userId)],
    ['sessions', 'id', ({ id, user_id: userId }: StoredRow) => `${id} of ${userId}`],
  ] as const
  for (const [table, key, nameOf] of ofPeople) {
    for (const { restored, old } of pairsOf(database, table, key)) {
      for (const kind of forgottenOfPerson(table, restored, old, nowMs)) yield [kind, nameOf(restored)]
    }
  }
  yield* erasedIn(database)
}

/** Companies in whose events personal values are again that had been taken out. */
function* erasedIn(database: DatabaseSync): Generator<readonly [ForgottenKind, string]> {
  if (!columnsOf(database, 'old', 'audit_events').includes('redaction')) return
  const isWhole = columnsOf(database, 'main', 'audit_events').includes('redaction')
    ? 'AND n.redaction IS NULL'
    : ''
  const companies = database
    .prepare(
      `SELECT DISTINCT n.company_id AS id FROM old.audit_events o
       JOIN main.audit_events n ON n.company_id = o.company_id AND n.id = o.id
       WHERE o.redaction IS NOT NULL ${isWhole} ORDER BY n.company_id`,
    )
    .iterate()
  for (const { id } of companies) yield ['auditErased', String(id)]
}

type Pair = { readonly restored: StoredRow; readonly old: StoredRow | undefined }

/** Every row of the restored store, beside what it had become; one after the other, since there may be many. */
function* pairsOf(database: DatabaseSync, table: string, key: string): Generator<Pair> {
  const columns = { n: columnsOf(database, 'main', table), o: columnsOf(database, 'old', table) }
  const select = (['n', 'o'] as const).flatMap((side) =>
    columns[side].map((column) => `${side}.${column} AS ${side}_${column}`),
  )
  const rows = database
    .prepare(
      `SELECT ${select.join(', ')} FROM main.${table} n LEFT JOIN old.${table} o ON o.${key} = n.${key} ORDER BY n.${key}`,
    )
    .iterate()
  for (const row of rows) {
    const of = (side: 'n' | 'o') =>
      Object.fromEntries(columns[side].map((column) => [column, row[`${side}_${column}`]]))
    yield { restored: of('n'), old: row[`o_${key}`] === null ? undefined : of('o') }
  }
}

function columnsOf(database: DatabaseSync, schema: 'main' | 'old', table: string): string[] {
  return database
    .prepare('SELECT name FROM pragma_table_info(?, ?)')
    .all(table, schema)
    .map(({ name }) => String(name))
}
