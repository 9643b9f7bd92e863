import { type Address, formatAddress } from '@latchkey/core/address'
import { dayOf } from '@latchkey/core/calendar'
import type { Clock } from '@latchkey/core/clock'
import { type CompanyId, isId, type KeyId } from '@latchkey/core/ids'
import type { KeyRecord } from '@latchkey/core/key-record'
import { networkOf } from '@latchkey/core/network'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import type { Engine } from '../../storage/engine.ts'
import type { Db } from '../../storage/tables/schema.ts'
import { noteSecretUses } from '../../storage/tables/secret-uses.ts'
import { upsertUsage } from '../../storage/tables/usage.ts'
import { addCounts, indexOf, noCounts, PREVIOUS_SECRET } from '../../storage/tables/usage-counts.ts'
import { addUsageReport, type KeyUse } from '../../storage/tables/usage-report.ts'
import { findVerifiable } from '../../storage/tables/verifiable.ts'
import { createSecretUses } from './secret-uses.ts'

/** Uses in one write, so that other writes and verifications get their turn. */
const BATCH_USES = 50
/** Older uses count as this old: days that were summed to months stay closed. Milliseconds. */
const AGE_MS_MAX = 24 * 60 * 60 * 1_000

/** Verdicts of one code about one key, given by a verifier in somebody's own process. */
export type ReportedUse = {
  readonly keyId: string
  /** null: not known. */
  readonly secretOrdinal: number | null
  readonly code: OutcomeCode
  readonly count: number
  /** By the verifier's clock, milliseconds since the epoch. */
  readonly lastAtMs: number
  readonly address: Address | undefined
}

type Report = {
  /** No other sender has the same. */
  readonly id: string
  /** By the verifier's clock, as the times of the uses. */
  readonly sentAtMs: number
  readonly uses: readonly ReportedUse[]
  /** null: every company's keys. */
  readonly visibleTo: CompanyId | null
  /** For whom the writes take their turn. */
  readonly party: string
  /** Asked in each write: throws AppError where the sender was revoked meanwhile. */
  readonly assertStillSent: (db: Db) => Promise<void>
}

/** How many uses were added, and how many were of no key that may be seen. */
type Added = { readonly accepted: number; readonly ignored: number }

/**
 * Adds uses that were judged elsewhere, as if they had been judged here. They are durable when it resolves. A report
 * that comes again adds only what its first time, if it ended halfway, did not. The clock of a verifier may be wrong:
 * only how long ago a use was is taken from it.
 */
export async function addReportedUses(
  { engine, clock }: { readonly engine: Pick<Engine, 'write'>; readonly clock: Clock },
  { id, sentAtMs, uses, visibleTo, party, assertStillSent }: Report,
): Promise<Added> {
  const nowMs = clock.nowMs()
  const corrected = uses.map((use) => {
    const agoMs = Math.max(0, Math.min(AGE_MS_MAX, sentAtMs - use.lastAtMs))
    return { ...use, lastAtMs: nowMs - agoMs }
  })
  // In one order everywhere: two that add to the same rows must not wait for each other in a circle.
  corrected.sort((one, other) => (one.keyId < other.keyId ? -1 : 1))
  let accepted = 0
  for (let start = 0; start < corrected.length; start += BATCH_USES) {
    const batch = corrected.slice(start, start + BATCH_USES)
    const batchId = `${id} ${start / BATCH_USES}`
    const { value } = await engine.write(
      async (db) => {
        await assertStillSent(db)
        return addBatch(db, { id: batchId, atMs: nowMs, uses: batch, visibleTo })
      },
      { party },
    )
    accepted += value
  }
  return { accepted, ignored: uses.length - accepted }
}

type Batch = Pick<Report, 'id' | 'uses' | 'visibleTo'> & { readonly atMs: number }
type KnownUse = { readonly use: ReportedUse; readonly keyId: KeyId; readonly record: KeyRecord }

/** Answers how many were of keys that may be seen. */
async function addBatch(db: Db, { id, atMs, uses, visibleTo }: Batch): Promise<number> {
  const known: KnownUse[] = []
  for (const use of uses) {
    const { keyId, code } = use
    if (!isId('key', keyId) || code === 'NOT_FOUND') continue
    const record = await findVerifiable(db, keyId)
    if (record === undefined || (visibleTo !== null && record.companyId !== visibleTo)) continue
    // A late report brings nothing back of a user that was deleted.
    known.push({ use: record.isUserActive ? use : { ...use, address: undefined }, keyId, record })
  }
  const isNew = await addUsageReport(db, { id, atMs, keys: known.map(keyUseOf), companies: totalsOf(known) })
  if (!isNew) return known.length
  const accepted = known.filter(({ use }) => use.code === 'VALID')
  await upsertUsage(db, lastUsesOf(accepted))
  const ofSecrets = createSecretUses()
  for (const { use, record } of accepted) {
    const secret = record.secrets.find(({ ordinal }) => ordinal === use.secretOrdinal)
    if (secret !== undefined) ofSecrets.add(secret, { nowMs: use.lastAtMs, address: use.address })
  }
  await noteSecretUses(db, ofSecrets.take())
  return known.length
}

function keyUseOf({ use, keyId, record }: KnownUse): KeyUse {
  const { code, count, lastAtMs, address } = use
  const counts = noCounts()
  counts[indexOf(code)] = count
  if (code === 'VALID' && isPrevious(record, use.secretOrdinal)) counts[PREVIOUS_SECRET] = count
  const isTelling = code === 'VALID' || code === 'IP_NOT_ALLOWED'
  return {
    keyId,
    day: dayOf(lastAtMs),
    counts,
    refusal: code === 'VALID' ? null : { atMs: lastAtMs, code, address },
    networks:
      address === undefined || !isTelling
        ? []
        : [
            {
              isAccepted: code === 'VALID',
              network: networkOf(address),
              address: formatAddress(address),
              firstAtMs: lastAtMs,
              lastAtMs,
            },
          ],
  }
}

const textOf = (address: Address | undefined) => (address === undefined ? null : formatAddress(address))

/** The current one is the first. */
const isPrevious = ({ secrets: [current] }: KeyRecord, ordinal: number | null): boolean =>
  ordinal !== null && current !== undefined && ordinal < current.ordinal

function totalsOf(known: readonly KnownUse[]) {
  const totals = new Map<string, { companyId: CompanyId; day: number; counts: number[] }>()
  for (const one of known) {
    const { day, counts } = keyUseOf(one)
    const companyId = one.record.companyId as CompanyId
    const place = `${companyId} ${day}`
    const total = totals.get(place) ?? { companyId, day, counts: noCounts() }
    addCounts(total.counts, counts)
    totals.set(place, total)
  }
  return [...totals.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, total]) => total)
}

/** One statement takes each key once. */
function lastUsesOf(accepted: readonly KnownUse[]) {
  const last = new Map<KeyId, { keyId: KeyId; atMs: number; address: string | null }>()
  for (const { use, keyId } of accepted) {
    const known = last.get(keyId)
    if (known !== undefined && known.atMs >= use.lastAtMs) continue
    last.set(keyId, { keyId, atMs: use.lastAtMs, address: textOf(use.address) })
  }
  return [...last.values()]
}
