import { type Address, formatAddress } from '@latchkey/core/address'
import { type Day, dayOf } from '@latchkey/core/calendar'
import type { Attempt } from '@latchkey/core/evaluate'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { networkOf } from '@latchkey/core/network'
import type { Outcome } from '@latchkey/core/outcome'
import { type Counts, indexOf, noCounts, PREVIOUS_SECRET } from '../../storage/tables/usage-counts.ts'
import type { NetworkUse } from '../../storage/tables/usage-networks.ts'
import type { CompanyUse, KeyUse, Refused } from '../../storage/tables/usage-report.ts'

/**
 * Keys counted for one day between two takes, some 400 bytes each. More are not counted; `onHalfFull` is called long
 * before.
 */
const KEYS_MAX = 200_000
/** Networks kept of one key between two flushes: so many of accepted uses, and so many of refusals. */
const NETWORKS_MAX = 20

/** What was counted of one key on one day: as it is written. */
export type CountedKey = Omit<KeyUse, 'refusal' | 'networks'> & {
  /** The counts of its company on that day. */
  readonly total: Counts
  refusal: Refused | null
  /** In the order in which they were last seen. */
  networks: readonly NetworkUse[]
}

const NONE: readonly NetworkUse[] = []

/** Counts verdicts in memory: by key and day, by company and day. `onHalfFull`: asks to be taken early. */
export function createTally(onHalfFull: () => void, keysMax = KEYS_MAX) {
  let counted = createCounted(onHalfFull, keysMax)
  return {
    /** `isNetworkNew`: the key was not seen from this network within the minute. */
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
      return { keys, companies: companies() }
    },
  }
}

type OutcomeOfKey = Extract<Outcome, { key: VerifiableKey }>

/** The ids of what was judged are valid: their prefix is enough, at a tenth of the cost of isId. */
export const isOfKey = (id: string): id is KeyId => id.startsWith('key_')

type Counted = ReturnType<typeof createCounted>

function createCounted(onHalfFull: () => void, keysMax: number) {
  const days = new Map<Day, Map<KeyId, CountedKey>>()
  /** The same entries in one list, ready to be taken. */
  const keys: CountedKey[] = []
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
    keys,
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
        entry = { keyId, day, counts: noCounts(), total, refusal: null, networks: NONE }
        if (entries.size >= keysMax) return entry
        entries.set(keyId, entry)
        keys.push(entry)
        if (entries.size === keysMax / 2) onHalfFull()
      }
      return entry
    },
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

/** Keeps the networks that were seen last, of each kind. Where there is no room, the one seen longest ago goes. */
function noteNetwork(entry: CountedKey, isAccepted: boolean, address: Address, atMs: number): void {
  const network = networkOf(address)
  const isSame = (use: NetworkUse) => use.isAccepted === isAccepted && use.network === network
  const known = entry.networks.find(isSame)
  const firstAtMs = known?.firstAtMs ?? atMs
  const use = { isAccepted, network, address: formatAddress(address), firstAtMs, lastAtMs: atMs }
  const others =
    known === undefined ? withRoom(entry.networks, isAccepted) : entry.networks.filter((one) => one !== known)
  entry.networks = [...others, use]
}

function withRoom(networks: readonly NetworkUse[], isAccepted: boolean): readonly NetworkUse[] {
  const ofKind = networks.filter((network) => network.isAccepted === isAccepted)
  return ofKind.length < NETWORKS_MAX ? networks : networks.filter((network) => network !== ofKind[0])
}

const NOT_FOUND = indexOf('NOT_FOUND')

function increment({ counts, total }: CountedKey, index: number): void {
  add(counts, index)
  add(total, index)
}

const add = (counts: Counts, index: number): void => {
  counts[index] = (counts[index] ?? 0) + 1
}
