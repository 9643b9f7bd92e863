import { formatAddress } from '@latchkey/core/address'
import type { Attempt } from '@latchkey/core/evaluate'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { KeySecret } from '@latchkey/core/loaded-key'

/** Secrets of open rotations that are remembered between two flushes; about 200 bytes each. */
const PENDING_MAX = 50_000

/** What is to be noted of a secret that was replaced. */
export type SecretUse = {
  readonly tag: Fingerprint
  /** When and from where it was last accepted itself; null: it was not. */
  readonly usedAtMs: number | null
  readonly address: string | null
  /** When the secret in its place was accepted; null: it was not. */
  readonly successorUsedAtMs: number | null
}

/**
 * Uses of the two secrets of an open rotation: whether the old one is still used, and the new one already. A key that
 * was never rotated costs nothing here.
 */
export function createSecretUses() {
  let pending = new Map<Fingerprint, SecretUse>()

  function put(tag: Fingerprint, change: Partial<SecretUse>): void {
    const known = pending.get(tag)
    // When full, those already there still move; one that is new waits for a use after the next flush.
    if (known === undefined && pending.size >= PENDING_MAX) return
    pending.set(tag, {
      ...(known ?? { tag, usedAtMs: null, address: null, successorUsedAtMs: null }),
      ...change,
    })
  }

  return {
    add(
      { tag, endsAtMs, replaces }: KeySecret,
      { nowMs, address }: Pick<Attempt, 'nowMs' | 'address'>,
    ): void {
      if (endsAtMs !== null) {
        put(tag, { usedAtMs: nowMs, address: address === undefined ? null : formatAddress(address) })
      } else if (replaces !== null && pending.get(replaces)?.successorUsedAtMs == null) {
        put(replaces, { successorUsedAtMs: nowMs })
      }
    },
    take(): readonly SecretUse[] {
      // In one order everywhere: two servers that note the same secrets must not wait for each other in a circle.
      const taken = [...pending.values()].sort((one, other) => (one.tag < other.tag ? -1 : 1))
      pending = new Map()
      return taken
    },
  }
}
