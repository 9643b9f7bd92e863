import type { Attempt } from '@latchkey/core/evaluate'
import type { KeyId } from '@latchkey/core/ids'
import type { Outcome } from '@latchkey/core/outcome'
import { createRecentUses } from './recent-uses.ts'
import { createSecretUses } from './secret-uses.ts'
import { createTally, isOfKey } from './usage-tally.ts'

/** Verdicts noted before they are sorted, with what was asked; about 100 bytes each, which are there anyhow. */
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
  /** Verdicts and what was asked, in turn, as they came: to look each up at once would cost more than to note it. */
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
    // Of these the network is kept: of accepted uses, and of refusals for the allowlist.
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
    /** Of each key that was used the first use in a minute, and of each secret of an open rotation the last. */
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
    /** Whether there was room. When full, keys already there still move; one that is new waits for the next write. */
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
