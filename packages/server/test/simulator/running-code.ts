import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { Secret } from '@latchkey/core/secret'
import { type Moment, momentOf, type Timing } from '@latchkey/core/timing'
import { createVerifier, type Verifier } from '@latchkey/core/verifier'
import { createAuditChain } from '../../src/audit/chain.ts'
import { type Changes, createChanges } from '../../src/changes/changes.ts'
import type { Engine, Observation, ServerRow, VerificationReads } from '../../src/storage/engine.ts'
import { createRevocations, type Revocations } from '../../src/verification/freshness/revocations.ts'
import { pause } from '../../src/verification/freshness/timing.ts'
import { loadKey } from '../../src/verification/load-key.ts'
import { watchMemory } from './applied-check.ts'
import { watchBarrier } from './barrier-check.ts'
import type { Judge } from './judge.ts'
import { createModelEngine, type ModelOptions } from './model-engine.ts'
import { createModelFile } from './model-file.ts'
import { holdModelRows } from './model-rows.ts'
import type { ModelStore } from './model-store.ts'
import type { Wire } from './wire.ts'

/** A server of a fleet; or, on one file, a process that serves beside others, or a command. */
export type Kind = 'server' | 'worker' | 'command'

type Needs = {
  readonly name: string
  readonly kind: Kind
  readonly store: ModelStore
  readonly wire: Wire
  readonly timing: Timing
  readonly judge: Judge
  readonly fingerprint: (secret: Secret) => Fingerprint
  readonly newId: () => string
  readonly isAlive: () => boolean
}

export type RunningCode = {
  readonly verifier: Verifier
  readonly revocations: Revocations
  readonly change: Changes['change']
  readonly verification: VerificationReads
  /** When the question was asked whose answer memory was last brought up to date with. */
  readonly proven: Moment | undefined
  /** Somebody else moved the head, perhaps. */
  wake(): void
  disturb(): void
  check(): void
}

/** Few, so that the second generation of memory is used as well. */
const KEYS_MAX = 16

/** What services.ts puts together, over the model of a store, and with the checks between the parts. */
export function assemble(needs: Needs): RunningCode {
  const { name, kind, store, timing, judge, fingerprint, newId } = needs
  const isServer = kind === 'server'
  const watched = createWatchedEngine(needs, {
    expect: () => revocations.expect(),
    onSeen: (seen) => memory.seen(seen),
    onSurvey: () => barrier.surveyed(),
  })
  const { engine } = watched
  const verifier = createVerifier({
    fingerprint,
    load: ({ handle }) => loadKey(engine.verification, handle),
    pick: async ([tag]) => tag,
    isFresh: () => revocations.isFresh(),
    monotonicMs: timing.monotonicMs,
    keysMax: KEYS_MAX,
  })
  const memory = watchMemory(verifier, judge, name, () => revocations.applied)
  const revocations = createRevocations(
    { changes: engine.changes },
    {
      // Where the file is asked, memory has no revision of its own to be watched by.
      memory: isServer ? memory.watched : verifier,
      newId,
      onPoll: () => {},
      onRowKept: () => {},
      timing,
      sleep: (ms) => pause(timing, ms),
    },
  )
  const barrier = watchBarrier(revocations.settle, judge, name, timing.monotonicMs, () => store.head.epoch)
  const { change } = createChanges(
    {
      engine: { write: engine.write } as unknown as Engine,
      clock: { nowMs: timing.wallMs },
      randomBytes: (count) => new Uint8Array(count),
      chain: createAuditChain(new Uint8Array(32)),
      // What is in the way of a command nobody notes.
      settle: kind === 'command' ? revocations.settle : barrier.settle,
    },
    holdModelRows,
  )
  const parts = { verifier, revocations, change, verification: engine.verification }
  return {
    ...parts,
    get proven() {
      return watched.proven
    },
    wake: watched.wake,
    disturb: barrier.disturb,
    check: isServer ? memory.check : () => {},
  }
}

type Hooks = Pick<ModelOptions, 'expect' | 'onSurvey'> & { readonly onSeen: (seen: Observation) => void }

/** The model of a store as this process asks it, and what its questions proved. */
function createWatchedEngine({ kind, store, wire, timing, isAlive }: Needs, hooks: Hooks) {
  let asked: Moment | undefined
  let announced: ServerRow | undefined
  let proven: Moment | undefined
  let wake: () => unknown = () => {}
  const options: ModelOptions = {
    store,
    wire,
    ...hooks,
    onWake: (given) => {
      wake = given
    },
    onAnnounce: (row) => {
      asked = momentOf(timing)
      announced = row
    },
    onObserve: (seen) => {
      // Not used: an announcement that had been given up came later and took the row.
      if (!seen.servers.some(({ id, beat }) => id === announced?.id && beat === announced.beat)) return
      proven = seen.isAccepted ? asked : undefined
      hooks.onSeen(seen)
    },
  }
  return {
    engine:
      kind === 'server'
        ? createModelEngine(options)
        : createModelFile({ ...options, monotonicMs: timing.monotonicMs, isAlive }),
    get proven() {
      return proven
    },
    wake: () => void wake(),
  }
}
