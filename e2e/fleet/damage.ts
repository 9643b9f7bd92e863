import type { Fleet } from './fleet.ts'
import type { Recorder } from './revocations.ts'

/** Each pair must name the same keys, no more and no fewer. */
const HALVES: Readonly<Record<string, readonly [string, string]>> = {
  'key and creation event': [
    'SELECT id FROM keys',
    "SELECT object_id AS id FROM audit_events WHERE action = 'key.created'",
  ],
  'deleted key and deletion event': [
    'SELECT id FROM keys WHERE deleted_at IS NOT NULL',
    "SELECT object_id AS id FROM audit_events WHERE action = 'key.deleted'",
  ],
}

/** The primary key sees to it that none is given twice. */
const ORDER = `SELECT coalesce(h.revision - min(l.revision) + 1 - count(l.revision), 0) AS missing
  FROM head h LEFT JOIN log l ON true GROUP BY h.revision`

/**
 * What is missing, half there or out of order in the database, and broken in the audit chains: nothing, when all
 * that was acknowledged is kept.
 */
export async function findDamage(
  { database, run }: Pick<Fleet, 'database' | 'run'>,
  { issued, deleted }: Pick<Recorder, 'issued' | 'deleted'>,
): Promise<string[]> {
  const damage: string[] = []
  const idsOf = async (text: string) => (await database.query(text)).map(({ id }) => String(id))
  await database.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  for (const [name, [one, other]] of Object.entries(HALVES)) {
    const [left, right] = [await idsOf(one), await idsOf(other)]
    const difference = [...new Set(left).symmetricDifference(new Set(right))]
    if (left.length !== right.length || difference.length > 0) damage.push(`${name}: ${difference}`)
  }
  const kept = new Set(await idsOf('SELECT id FROM keys'))
  const ended = new Set(await idsOf('SELECT id FROM keys WHERE deleted_at IS NOT NULL'))
  const logged = new Set(await idsOf("SELECT object_id AS id FROM log WHERE scope = 'key'"))
  for (const { id } of issued) if (!kept.has(id)) damage.push(`${id} was acknowledged and is not there`)
  for (const id of deleted) if (!ended.has(id)) damage.push(`${id} was deleted and is active`)
  for (const id of ended) if (!logged.has(id)) damage.push(`${id} is deleted and not in the log`)
  const [order] = await database.query(ORDER)
  // Counted from the first that is kept: accepting a restored store empties the log.
  if (order?.missing !== '0') damage.push(`${order?.missing} revisions up to the head are not in the log`)
  await database.query('COMMIT')
  const { stdout, stderr } = await run(['audit', 'verify'])
  if (!stdout.endsWith('every chain holds.\n')) damage.push(stdout + stderr)
  return damage
}
