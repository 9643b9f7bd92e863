import type { Attempt } from '@latchkey/core/evaluate'
import type { KeyId } from '@latchkey/core/ids'
import type { Outcome } from '@latchkey/core/outcome'
import { createRecentUses } from './recent-uses.ts'
import { createSecretUses } from './secret-uses.ts'
import { createTally, isOfKey } from './usage-tally.ts'

/** Verdicts noted before they are sorted, each with its attempt; about 100 bytes each. */
const NOTED_MAX = 1_000
/** Keys used between two writes that are remembered one by one; about 100 bytes each. */
const USED_MAX = 50_000

export type LastUse = Pick<Attempt, 'nowMs' | 'address'> & { readonly keyId: KeyId }

export type UsageNotes = ReturnType<typeof createUsageNotes>

/**
 * Verdicts, noted in memory until they are written: how many there were, and when each key and each secret of an open
 * rotation was last used. `onHalfFull`: the counts should be taken before their time.
 */
export function createUsageNotes(onHalfFull: () => void, keysMax?: number) {
  /**
   * A verdict, its attempt, the next verdict, and so on, as they came: to sort each at once would cost more than to
   * note it.
   */
  const noted: (Outcome | Attempt)[] = []
  const tally = createTally(onHalfFull, keysMax)
  const secretUses = createSecretUses()
  const recent = createRecentUses()
  const lastUses = createLastUses()

  function sort(): void {
    for (let index = 0; index < noted.length; index += 2) {
      add(noted[index] as Outcome, noted[index + 1] as Attempt)
    }
    noted.length = 0
  }

  function add(outcome: Outcome, attempt: Attempt): void {
    if (outcome.key === undefined) {
      tally.addUnmatched(attempt)
      return
    }
    const { code, key, secret } = outcome
    // Sessions and users are judged like keys, but only keys are asked when they were used.
    if (!isOfKey(key.id)) return
    const { address, nowMs } = attempt
    const isAccepted = code === 'VALID'
    // The network is kept of accepted uses, and of refusals by the allowlist.
    const isTelling = isAccepted || code === 'IP_NOT_ALLOWED'
    const news = isTelling ? recent.newsOf(key.id, isAccepted, address, nowMs) : undefined
    tally.add(key.id, outcome, attempt, news !== undefined)
    if (news === 'use' && !lastUses.add(key.id, attempt)) recent.forget(key.id)
    if (isAccepted && secret !== undefined) secretUses.add(secret, attempt)
  }

  return {
    note(outcome: Outcome, attempt: Attempt): void {
      noted.push(outcome, attempt)
      if (noted.length >= 2 * NOTED_MAX) sort()
    },
    /** The counts since the last time. */
    takeCounts() {
      sort()
      return tally.take()
    },
    /** The first use of each key in a minute, and the last use of each secret of an open rotation. */
    takeUses() {
      sort()
      return { ofKeys: lastUses.take(), ofSecrets: secretUses.take() }
    },
    /** These uses were taken, and could not be written. */
    forget(ids: readonly KeyId[]): void {
      for (const id of ids) recent.forget(id)
    },
  }
}

function createLastUses() {
  let uses = new Map<KeyId, LastUse>()
  return {
    /** false: there is no room. Keys that are there already are still moved; a new one waits for the next write. */
    add(keyId: KeyId, { nowMs, address }: Attempt): boolean {
      if (uses.size >= USED_MAX && !uses.has(keyId)) return false
      uses.set(keyId, { keyId, nowMs, address })
      return true
    },
    take(): readonly LastUse[] {
      const taken = [...uses.values()]
      uses = new Map()
      return taken
    },
  }
}
