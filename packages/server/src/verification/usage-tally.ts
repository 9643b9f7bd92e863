import { type Address, formatAddress } from '@latchkey/core/address'
import { type Day, dayOf } from '@latchkey/core/calendar'
import type { Attempt } from '@latchkey/core/evaluate'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { networkOf } from '@latchkey/core/network'
import type { Outcome } from '@latchkey/core/outcome'
import { addCounts, type Counts, indexOf, noCounts, PREVIOUS_SECRET } from '../storage/tables/usage-counts.ts'
import type { CompanyUse, KeyUse, NetworkUse, Refusal } from '../storage/tables/usage-report.ts'

/** Keys of one day between two takes; some 400 bytes each. What is beyond is not counted: `onHalfFull` is called before. */
const KEYS_MAX = 200_000
/** Networks of one key between two flushes; no more are kept. */
const NETWORKS_MAX = 20

/** Of one key and day. */
type Entry = {
  readonly keyId: KeyId
  readonly companyId: CompanyId | null
  readonly day: Day
  readonly counts: Counts
  refusal: Refused | null
  readonly networks: Map<string, NetworkUse>
}

type Refused = Omit<Refusal, 'address'> & { readonly address: Address | undefined }

/** Counts verdicts in memory: by key and day, by company and day. `onHalfFull`: it should be taken before its time. */
export function createTally(onHalfFull: () => void, keysMax = KEYS_MAX) {
  let counted = createCounted(onHalfFull, keysMax)
  return {
    /** `isNetworkNew`: it was not told within the minute. */
    add(id: KeyId, outcome: OutcomeOfKey, attempt: Attempt, isNetworkNew: boolean): void {
      const { code, key, secret } = outcome
      const { address, nowMs } = attempt
      const entry = counted.entryOf(id, key.companyId, dayOf(nowMs))
      increment(entry.counts, indexOf(code))
      if (code === 'VALID') {
        if (secret !== undefined && secret.endsAtMs !== null) increment(entry.counts, PREVIOUS_SECRET)
      } else if (entry.refusal === null || entry.refusal.atMs <= nowMs) {
        entry.refusal = { atMs: nowMs, code, address }
      }
      if (isNetworkNew && address !== undefined) noteNetwork(entry, code === 'VALID', address, nowMs)
    },
    /** A text that matches nothing. */
    addUnmatched: (attempt: Attempt): void => countUnmatched(counted, attempt),
    /** What was counted since the last time, by key id. */
    take(): { readonly keys: readonly KeyUse[]; readonly companies: readonly CompanyUse[] } {
      const { entries, unmatched } = counted
      counted = createCounted(onHalfFull, keysMax)
      return {
        keys: entries()
          .map(useOf)
          .sort((one, other) => (one.keyId < other.keyId ? -1 : 1)),
        companies: totalsOf(entries(), [...unmatched.values()]),
      }
    },
  }
}

type OutcomeOfKey = Extract<Outcome, { key: VerifiableKey }>

/** Ids of what was judged are sound: a look at the kind is enough, and a tenth of the cost of isId. */
export const isOfKey = (id: string): id is KeyId => id.startsWith('key_')

type Counted = ReturnType<typeof createCounted>

function createCounted(onHalfFull: () => void, keysMax: number) {
  const days = new Map<Day, Map<KeyId, Entry>>()
  return {
    entries: (): Entry[] => [...days.values()].flatMap((entries) => [...entries.values()]),
    /** Texts that match nothing, by who asked, where that is no key. */
    unmatched: new Map<string, { companyId: CompanyId | null; day: Day; count: number }>(),
    entryOf(keyId: KeyId, companyId: CompanyId | null, day: Day): Entry {
      let entries = days.get(day)
      if (entries === undefined) {
        entries = new Map()
        days.set(day, entries)
      }
      let entry = entries.get(keyId)
      if (entry === undefined) {
        entry = { keyId, companyId, day, counts: noCounts(), refusal: null, networks: new Map() }
        if (entries.size >= keysMax) return entry
        entries.set(keyId, entry)
        if (entries.size === keysMax / 2) onHalfFull()
      }
      return entry
    },
  }
}

function countUnmatched({ entryOf, unmatched }: Counted, { asker, nowMs }: Attempt): void {
  if (asker === null) return
  const day = dayOf(nowMs)
  const { id, homeCompanyId: companyId } = asker
  if (id !== null && isOfKey(id)) {
    increment(entryOf(id, companyId, day).counts, NOT_FOUND)
    return
  }
  const place = `${companyId} ${day}`
  const known = unmatched.get(place)
  if (known === undefined) unmatched.set(place, { companyId, day, count: 1 })
  else known.count += 1
}

function noteNetwork({ networks }: Entry, isAccepted: boolean, address: Address, atMs: number): void {
  const network = networkOf(address)
  const place = `${isAccepted} ${network}`
  const known = networks.get(place)
  if (known === undefined && networks.size >= NETWORKS_MAX) return
  const firstAtMs = known?.firstAtMs ?? atMs
  networks.set(place, { isAccepted, network, address: formatAddress(address), firstAtMs, lastAtMs: atMs })
}

const NOT_FOUND = indexOf('NOT_FOUND')

const increment = (counts: Counts, index: number): void => {
  counts[index] = (counts[index] ?? 0) + 1
}

const useOf = ({ keyId, day, counts, refusal, networks }: Entry): KeyUse => ({
  keyId,
  day,
  counts,
  refusal: refusal === null ? null : { ...refusal, address: textOf(refusal.address) },
  networks: [...networks.values()],
})

const textOf = (address: Address | undefined) => (address === undefined ? null : formatAddress(address))

function totalsOf(
  entries: readonly Entry[],
  unmatched: readonly { readonly companyId: CompanyId | null; readonly day: Day; readonly count: number }[],
): CompanyUse[] {
  const totals = new Map<string, CompanyUse>()
  const totalOf = (companyId: CompanyId | null, day: Day): Counts => {
    const place = `${companyId} ${day}`
    const known = totals.get(place)
    if (known !== undefined) return known.counts
    const counts = noCounts()
    totals.set(place, { companyId, day, counts })
    return counts
  }
  for (const { companyId, day, counts } of entries) addCounts(totalOf(companyId, day), counts)
  for (const { companyId, day, count } of unmatched) {
    const counts = totalOf(companyId, day)
    counts[NOT_FOUND] = (counts[NOT_FOUND] ?? 0) + count
  }
  return [...totals.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, total]) => total)
}
