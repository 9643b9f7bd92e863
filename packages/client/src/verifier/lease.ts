import { isWithin, type Moment, type Timing } from '@latchkey/core/timing'

/** The right to answer from memory, for a time after a question to the service. */
export type Lease = {
  /** Asked before every look-up, never remembered. */
  isFresh(): boolean
  /** An answer to a question sent at `sent` gives it for `forMs` from then; 0 or less: not at all. */
  renew(sent: Moment, forMs: number): void
  end(): void
}

export function createLease(timing: Timing): Lease {
  // Of one answer, and of the newest: the start of one and the length of another prove nothing.
  let held: { readonly sent: Moment; readonly forMs: number } | undefined
  return {
    isFresh: () => held !== undefined && isWithin(timing, held.sent, held.forMs),
    renew(sent, forMs) {
      held = forMs > 0 ? { sent, forMs } : undefined
    },
    end() {
      held = undefined
    },
  }
}
