import type { Clock } from '@latchkey/core/clock'
import type { RevocationScope } from '@latchkey/core/key-cache'
import type { Actor } from '@latchkey/core/principal'
import type { RandomBytes } from '@latchkey/core/random'
import type { Engine } from '../storage/engine.ts'
import type { Db } from '../storage/schema.ts'
import type { Revocations } from './revocations.ts'

/** One write transaction, as a use case sees it. */
export type Tx = {
  readonly db: Db
  /** The moment of the whole transaction, milliseconds since the epoch. */
  readonly nowMs: number
  readonly actor: Actor
  readonly randomBytes: RandomBytes
  /**
   * Names what is, or stays, refused or changed in a way that alters a verdict: when the write is answered, no
   * server answers from before it. Said of an unchanged row too: the answer promises the same.
   */
  revoke(changed: RevocationScope): void
}

export type Write = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => Promise<T>

type Deps = {
  readonly engine: Engine
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  readonly settle: Revocations['settle']
}

/** Every change goes through here: one transaction, its revisions last in it, an answer when it is in force. */
export function createWrite({ engine, clock, randomBytes, settle }: Deps): Write {
  return async (actor, work) => {
    const { value, revocation } = await engine.write((db, revoke) =>
      work({ db, nowMs: clock.nowMs(), actor, randomBytes, revoke }),
    )
    if (revocation !== undefined) await settle(revocation)
    return value
  }
}
