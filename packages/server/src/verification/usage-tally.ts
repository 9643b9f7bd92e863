import { type Address, formatAddress } from '@latchkey/core/address'
import { type Day, dayOf } from '@latchkey/core/calendar'
import type { Attempt } from '@latchkey/core/evaluate'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { networkOf } from '@latchkey/core/network'
import type { Outcome } from '@latchkey/core/outcome'
import { type Counts, indexOf, noCounts, PREVIOUS_SECRET } from '../storage/tables/usage-counts.ts'
import type { NetworkUse } from '../storage/tables/usage-networks.ts'
import type { CompanyUse, KeyUse, Refusal } from '../storage/tables/usage-report.ts'

/** Keys of one day between two takes; some 400 bytes each. What is beyond is not counted: `onHalfFull` is called before. */
const KEYS_MAX = 200_000
/** Networks of one key between two flushes, of accepted uses and of refusals; no more are kept. */
const NETWORKS_MAX = 20

/** What was counted of one key on one day. */
export type CountedKey = {
  readonly keyId: KeyId
  readonly day: Day
  readonly counts: Counts
  /** Its company's, on that day. */
  readonly total: Counts
  refusal: Refused | null
  /** In the order in which they were last seen. */
  readonly networks: Map<string, NetworkUse>
  /** How many of them are of accepted uses. */
  accepted: number
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
      increment(entry, indexOf(code))
      if (code === 'VALID') {
        if (secret !== undefined && secret.endsAtMs !== null) increment(entry, PREVIOUS_SECRET)
      } else if (entry.refusal === null || entry.refusal.atMs <= nowMs) {
        entry.refusal = { atMs: nowMs, code, address }
      }
      if (isNetworkNew && address !== undefined) noteNetwork(entry, code === 'VALID', address, nowMs)
    },
    /** A text that matches nothing. */
    addUnmatched: (attempt: Attempt): void => countUnmatched(counted, attempt),
    /** What was counted since the last time; the keys in no order. */
    take(): { readonly keys: readonly CountedKey[]; readonly companies: readonly CompanyUse[] } {
      const { keys, companies } = counted
      counted = createCounted(onHalfFull, keysMax)
      return { keys: keys(), companies: companies() }
    },
  }
}

type OutcomeOfKey = Extract<Outcome, { key: VerifiableKey }>

/** Ids of what was judged are sound: a look at the kind is enough, and a tenth of the cost of isId. */
export const isOfKey = (id: string): id is KeyId => id.startsWith('key_')

type Counted = ReturnType<typeof createCounted>

function createCounted(onHalfFull: () => void, keysMax: number) {
  const days = new Map<Day, Map<KeyId, CountedKey>>()
  const totals = new Map<string, CompanyUse>()

  function totalOf(companyId: CompanyId | null, day: Day): Counts {
    const place = `${companyId} ${day}`
    let total = totals.get(place)
    if (total === undefined) {
      total = { companyId, day, counts: noCounts() }
      totals.set(place, total)
    }
    return total.counts
  }

  return {
    totalOf,
    entryOf(keyId: KeyId, companyId: CompanyId | null, day: Day): CountedKey {
      let entries = days.get(day)
      if (entries === undefined) {
        entries = new Map()
        days.set(day, entries)
      }
      let entry = entries.get(keyId)
      if (entry === undefined) {
        const total = totalOf(companyId, day)
        entry = { keyId, day, counts: noCounts(), total, refusal: null, networks: new Map(), accepted: 0 }
        if (entries.size >= keysMax) return entry
        entries.set(keyId, entry)
        if (entries.size === keysMax / 2) onHalfFull()
      }
      return entry
    },
    keys: (): CountedKey[] => [...days.values()].flatMap((entries) => [...entries.values()]),
    companies: (): CompanyUse[] =>
      [...totals.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, total]) => total),
  }
}

function countUnmatched({ entryOf, totalOf }: Counted, { asker, nowMs }: Attempt): void {
  if (asker === null) return
  const day = dayOf(nowMs)
  const { id, homeCompanyId: companyId } = asker
  if (id !== null && isOfKey(id)) increment(entryOf(id, companyId, day), NOT_FOUND)
  else add(totalOf(companyId, day), NOT_FOUND)
}

/** The last of each kind are kept: where there is no more room, the one that was seen longest ago goes. */
function noteNetwork(entry: CountedKey, isAccepted: boolean, address: Address, atMs: number): void {
  const { networks } = entry
  const network = networkOf(address)
  const place = `${isAccepted} ${network}`
  const known = networks.get(place)
  if (known !== undefined) networks.delete(place)
  else if (isAccepted) {
    if (entry.accepted === NETWORKS_MAX) dropFirst(networks, true)
    else entry.accepted += 1
  } else if (networks.size - entry.accepted === NETWORKS_MAX) dropFirst(networks, false)
  const firstAtMs = known?.firstAtMs ?? atMs
  networks.set(place, { isAccepted, network, address: formatAddress(address), firstAtMs, lastAtMs: atMs })
}

function dropFirst(networks: CountedKey['networks'], isAccepted: boolean): void {
  for (const [place, network] of networks) {
    if (network.isAccepted !== isAccepted) continue
    networks.delete(place)
    return
  }
}

const NOT_FOUND = indexOf('NOT_FOUND')

function increment({ counts, total }: CountedKey, index: number): void {
  add(counts, index)
  add(total, index)
}

const add = (counts: Counts, index: number): void => {
  counts[index] = (counts[index] ?? 0) + 1
}

/** As it is written. */
export const useOf = ({ keyId, day, counts, refusal, networks }: CountedKey): KeyUse => ({
  keyId,
  day,
  counts,
  refusal: refusal === null ? null : { ...refusal, address: textOf(refusal.address) },
  networks: [...networks.values()],
})

const textOf = (address: Address | undefined) => (address === undefined ? null : formatAddress(address))
