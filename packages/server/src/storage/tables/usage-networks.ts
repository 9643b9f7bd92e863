import { type RawBuilder, sql } from 'kysely'
import { prepared, preparedRows } from '../prepared.ts'
import { isErased } from './erased.ts'
import type { Db } from './schema.ts'

export type NetworkUse = {
  readonly isAccepted: boolean
  readonly network: string
  /** The last one of the network that was seen. */
  readonly address: string
  readonly firstAtMs: number
  readonly lastAtMs: number
}

type NetworksOfKey = { readonly number: number; readonly use: { readonly networks: readonly NetworkUse[] } }

/** Networks that are kept of a key, those of refusals beside those of accepted uses. */
const NETWORKS_MAX = 20
/** More than there can be to take away at once. */
const TAKEN_MAX = 1_000

/** Adds the networks, and lets go of the oldest beyond those that are kept. Uses of one key come one after the other. */
export async function noteNetworks(db: Db, known: readonly NetworksOfKey[]): Promise<void> {
  const rows: NetworkRow[] = []
  for (const { number, use } of known) {
    for (const network of use.networks) addRow(rows, networkRow(number, network))
  }
  if (rows.length === 0) return
  await upsertNetworks(db, rows)
  const firstOfEach = rows.filter(({ number }, index) => index === 0 || rows[index - 1]!.number !== number)
  for (const { key_number: number, is_accepted: isAccepted } of await findTooMany(db, firstOfEach)) {
    await dropOlderNetworks(db, { number, isAccepted })
  }
}

type NetworkRow = ReturnType<typeof networkRow>

const networkRow = (number: number, { isAccepted, network, address, firstAtMs, lastAtMs }: NetworkUse) => ({
  number,
  isAccepted: isAccepted ? (1 as const) : (0 as const),
  network,
  address,
  firstAtMs,
  lastAtMs,
})

/** Each network of a key once, also if the key was used on two days; in one order everywhere, as the keys are. */
function addRow(rows: NetworkRow[], row: NetworkRow): void {
  let place = rows.length
  while (place > 0 && isAfter(rows[place - 1]!, row)) place -= 1
  const before = rows[place - 1]
  const isKnown = before !== undefined && before.number === row.number && !isAfter(row, before)
  if (isKnown) rows[place - 1] = bothOf(before, row)
  else if (place === rows.length) rows.push(row)
  else rows.splice(place, 0, row)
}

/** Of the same key, and later in the order. */
const isAfter = (one: NetworkRow, other: NetworkRow): boolean =>
  one.number === other.number &&
  (one.isAccepted === other.isAccepted ? one.network > other.network : one.isAccepted > other.isAccepted)

function bothOf(one: NetworkRow, other: NetworkRow): NetworkRow {
  const last = one.lastAtMs > other.lastAtMs ? one : other
  return { ...last, firstAtMs: Math.min(one.firstAtMs, other.firstAtMs) }
}

const upsertNetworks = preparedRows((db, rows: readonly NetworkRow[]) =>
  db
    .insertInto('usage_networks')
    .columns(['key_number', 'is_accepted', 'network', 'address', 'first_at', 'last_at'])
    .expression(
      sql`SELECT ${COLUMNS} FROM (VALUES ${sql.join(rows.map(valuesOf))}) AS used WHERE NOT ${IS_ERASED}`,
    )
    .onConflict((conflict) =>
      conflict.columns(['key_number', 'is_accepted', 'network']).doUpdateSet({
        address: whicheverIs(sql`excluded.last_at > usage_networks.last_at`, 'address'),
        first_at: whicheverIs(sql`excluded.first_at < usage_networks.first_at`, 'first_at'),
        last_at: whicheverIs(sql`excluded.last_at > usage_networks.last_at`, 'last_at'),
      }),
    ),
)

const valuesOf = ({ number, isAccepted, network, address, firstAtMs, lastAtMs }: NetworkRow) =>
  sql`(${number}, ${isAccepted}, ${network}, ${address}, ${firstAtMs}, ${lastAtMs})`

/** Both stores name columns of values like this, and PostgreSQL takes values that it cannot tell for texts. */
const COLUMNS = sql`CAST(column1 AS BIGINT), CAST(column2 AS SMALLINT), column3, column4, CAST(column5 AS BIGINT), CAST(column6 AS BIGINT)`
const IS_ERASED = isErased(sql`(SELECT key_id FROM usage_keys WHERE number = CAST(column1 AS BIGINT))`)

/** What comes, where that is so; else what is there. */
const whicheverIs = <T>(condition: RawBuilder<unknown>, column: 'address' | 'first_at' | 'last_at') =>
  sql<T>`CASE WHEN ${condition} THEN ${sql.ref(`excluded.${column}`)} ELSE ${sql.ref(`usage_networks.${column}`)} END`

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
