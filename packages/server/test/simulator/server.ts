import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { Outcome } from '@latchkey/core/outcome'
import type { Actor } from '@latchkey/core/principal'
import type { Secret } from '@latchkey/core/secret'
import { createVerifier } from '@latchkey/core/verifier'
import type { Engine } from '../../src/storage/engine.ts'
import { loadKey } from '../../src/verification/load-key.ts'
import { createRevocations } from '../../src/verification/revocations.ts'
import { type Moment, momentOf, type Timing } from '../../src/verification/timing.ts'
import { createWrite, type Write } from '../../src/verification/write.ts'
import type { Agenda } from './agenda.ts'
import { watchMemory } from './applied-check.ts'
import { watchBarrier } from './barrier-check.ts'
import type { Judge } from './judge.ts'
import type { Machine } from './machine.ts'
import { createModelEngine, type ModelDb } from './model-engine.ts'
import { LEASE_MS, type ModelStore } from './model-store.ts'
import type { Random } from './random.ts'
import { createWire, type Road } from './wire.ts'

/** One server's life: the real code, from its start to its end, on a computer that outlives it. */
export type Server = {
  readonly machine: Machine
  readonly road: Road
  readonly isAlive: boolean
  readonly timing: Timing
  /** The revision it has applied. */
  readonly applied: number
  readonly write: Write
  /** Judges one use; `by` the secret or the id. */
  verify(key: SimulatedKey, by: 'secret' | 'id', visibleTo: CompanyId | null): void
  /** The same for whoever waits for the answer; undefined: it could not be told. */
  ask(key: SimulatedKey): Promise<Outcome['code'] | undefined>
  wake(): void
  /** Something is done to it or to its way to the store. */
  disturb(): void
  kill(): void
  stop(): Promise<void>
  /** What must hold whenever it has done something. */
  check(): void
}

export type SimulatedKey = { readonly id: KeyId; readonly secret: Secret; readonly fingerprint: Fingerprint }

export type World = {
  readonly agenda: Agenda
  readonly random: Random
  readonly store: ModelStore
  readonly judge: Judge
  readonly fingerprint: (secret: Secret) => Fingerprint
}

export const ACTOR: Actor = { type: 'host', id: null, userId: null, address: null, requestId: null }
/** Few, so that the second generation of memory is used as well. */
const KEYS_MAX = 16

export function startServer(world: World, machine: Machine, road: Road, id: string): Server {
  const { agenda, random, store, judge } = world
  let isAlive = true
  let asked: Moment | undefined
  let proven: Moment | undefined
  let beats = 0
  let wakeUp = () => {}
  const name = `server ${id}`
  const timing = machine.createTiming(() => isAlive)
  const wire = createWire(
    { agenda, random, farEnd: store },
    { machine, road, timing, isAlive: () => isAlive },
  )
  const engine = createModelEngine({
    store,
    wire,
    expect: () => revocations.expect(),
    onWake: (wake) => {
      wakeUp = wake
    },
    onAnnounce: () => {
      asked = momentOf(timing)
    },
    onObserve: (seen) => {
      proven = seen.isAccepted ? asked : undefined
      memory.seen(seen)
    },
    onSurvey: () => barrier.surveyed(),
  })
  const verifier = createVerifier({
    fingerprint: world.fingerprint,
    load: (handle) => loadKey(engine.verification, handle),
    isFresh: () => revocations.isFresh(),
    monotonicMs: timing.monotonicMs,
    keysMax: KEYS_MAX,
  })
  const memory = watchMemory(verifier, judge, name, () => revocations.applied)
  const revocations = createRevocations(
    { changes: engine.followed },
    {
      memory: memory.watched,
      newId: () => {
        beats += 1
        return `${id}-${beats}`
      },
      onPoll: () => {},
      timing,
    },
  )
  const barrier = watchBarrier(
    revocations.settle,
    judge,
    name,
    timing.monotonicMs,
    () => store.contents.epoch,
  )
  const write = createWrite({
    engine: { write: engine.write } as unknown as Engine,
    clock: { nowMs: timing.wallMs },
    randomBytes: (count) => new Uint8Array(count),
    settle: barrier.settle,
  })

  function judgeOnce(key: SimulatedKey, by: 'secret' | 'id', visibleTo: CompanyId | null) {
    const attempt = { visibleTo, address: undefined, permissions: [], nowMs: timing.wallMs() }
    const outcome =
      by === 'secret' ? verifier.verify(key.secret, attempt) : verifier.verifyById(key.id, attempt)
    if (!(outcome instanceof Promise)) assertProven()
    return outcome
  }

  /** Measured here, apart from the lease: on both clocks, from before the question. */
  function assertProven(): void {
    const ages =
      proven === undefined
        ? [Number.NaN]
        : [timing.monotonicMs() - proven.monotonicMs, timing.wallMs() - proven.wallMs]
    if (ages.every((age) => age >= 0 && age <= LEASE_MS)) return
    judge.report('I5 memory only with proof', `${name} answered from memory ${ages} ms after it asked`)
  }

  function said(yes: boolean, invoked: ReturnType<Judge['invoked']>, visibleTo: CompanyId | null): void {
    if (!isAlive || !yes) return
    judge.saidYes(invoked, name)
    if (visibleTo !== null && invoked.promised !== undefined && visibleTo !== invoked.promised.companyId) {
      judge.report('I6 companies apart', `${name} showed a key to another company`)
    }
  }

  void revocations.start()
  return {
    machine,
    road,
    timing,
    get applied() {
      return revocations.applied ?? -1
    },
    get isAlive() {
      return isAlive
    },
    write,
    verify(key, by, visibleTo) {
      const invoked = judge.invoked(key.id)
      machine.deliver('message', () => {
        if (!isAlive) return
        const outcome = judgeOnce(key, by, visibleTo)
        if (!(outcome instanceof Promise)) return said(outcome.code === 'VALID', invoked, visibleTo)
        outcome.then(
          ({ code }) => said(code === 'VALID', invoked, visibleTo),
          () => {},
        )
      })
    },
    async ask(key) {
      try {
        return (await judgeOnce(key, 'id', null)).code
      } catch {
        return undefined
      }
    },
    wake: () => machine.deliver('message', () => isAlive && wakeUp()),
    disturb: () => barrier.disturb(),
    kill() {
      isAlive = false
    },
    async stop() {
      await revocations.stop()
      isAlive = false
    },
    check: () => memory.check(),
  }
}

export const asModelDb = (db: unknown): ModelDb => db as ModelDb
