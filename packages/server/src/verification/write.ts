import type { Clock } from '@latchkey/core/clock'
import type { RevocationScope } from '@latchkey/core/key-cache'
import type { Actor } from '@latchkey/core/principal'
import type { RandomBytes } from '@latchkey/core/random'
import type { Engine } from '../storage/engine.ts'
import { appendRevision } from '../storage/head.ts'
import type { Db } from '../storage/schema.ts'

/** One write transaction, as a use case sees it. */
export type Tx = {
  readonly db: Db
  /** The moment of the whole transaction, milliseconds since the epoch. */
  readonly nowMs: number
  readonly actor: Actor
  readonly randomBytes: RandomBytes
  /** Names what changed in a way that can alter a verdict: no server answers from before it, once this is written. */
  revoke(changed: RevocationScope): void
}

export type Write = <T>(actor: Actor, work: (tx: Tx) => Promise<T>) => Promise<T>

type Deps = { readonly engine: Engine; readonly clock: Clock; readonly randomBytes: RandomBytes }

/** Every change goes through here: one transaction, its revisions last in it, an answer when it is in force. */
export function createWrite({ engine, clock, randomBytes }: Deps): Write {
  return (actor, work) =>
    engine.write(async (db) => {
      const changed: RevocationScope[] = []
      const result = await work({
        db,
        nowMs: clock.nowMs(),
        actor,
        randomBytes,
        revoke: (scope) => void changed.push(scope),
      })
      for (const scope of changed) await appendRevision(db, scope)
      return result
    })
}
