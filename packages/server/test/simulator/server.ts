import { IN_FORCE } from '@latchkey/core/evaluate'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { KeySecret } from '@latchkey/core/loaded-key'
import type { Outcome } from '@latchkey/core/outcome'
import type { Secret } from '@latchkey/core/secret'
import type { Timing } from '@latchkey/core/timing'
import type { Changes } from '../../src/changes/changes.ts'
import type { Agenda } from './agenda.ts'
import type { Invoked, Judge } from './judge.ts'
import type { Machine } from './machine.ts'
import { LEASE_MS, type ModelStore } from './model-store.ts'
import type { Random } from './random.ts'
import { assemble, type Kind, type RunningCode } from './running-code.ts'
import { type Answering, createAnswering } from './verifiers/answering.ts'
import { type Road, Wire } from './wire.ts'

export type SimulatedKey = { readonly id: KeyId }
export type SimulatedSecret = { readonly secret: Secret; readonly fingerprint: Fingerprint }

/** How a key is used: by one of its secrets, or by the id, as with a token that was made with that secret. */
export type Presented = {
  readonly by: 'secret' | 'id'
  readonly secret: SimulatedSecret
  /** null: the token names none. */
  readonly ordinal: number | null
}

export type AcceptedUse = { readonly key: VerifiableKey; readonly secret: KeySecret | undefined }
type Judged = { readonly outcome: Outcome | Promise<Outcome>; readonly nowMs: number }

export type World = {
  readonly agenda: Agenda
  readonly random: Random
  readonly store: ModelStore
  readonly judge: Judge
  readonly fingerprint: (secret: Secret) => Fingerprint
  /** The store is a file of several processes on one machine. */
  readonly isFile: boolean
  /** How long it takes to judge again who asked, when an answer was held. Milliseconds; absent: no time. */
  readonly judgingAgainMs?: () => number
  /** Takes what happened, where somebody wants to read it. */
  readonly note: (line: () => string) => void
}

/** One server's life: the real code, from its start to its end, on a computer that outlives it. */
export class Server {
  readonly machine: Machine
  readonly timing: Timing
  readonly change: Changes['change']
  /** What verifiers elsewhere are answered. */
  readonly tell: Answering['tell']
  readonly record: Answering['record']
  readonly #name: string
  readonly #judge: Judge
  readonly #code: RunningCode
  #isAlive = true
  readonly #kind: Kind
  #ids = 0

  constructor(world: World, machine: Machine, road: Road, id: string, kind: Kind) {
    const { agenda, random, store, judge, fingerprint } = world
    const isAlive = () => this.#isAlive
    const newId = () => {
      this.#ids += 1
      return `${id}-${this.#ids}`
    }
    this.machine = machine
    this.timing = machine.createTiming(isAlive)
    this.#name = `${kind} ${id}`
    this.#kind = kind
    this.#judge = judge
    const { timing } = this
    const wire = new Wire({ agenda, random, farEnd: store, machine, road, timing, isAlive })
    const name = this.#name
    this.#code = assemble({ name, kind, store, wire, timing, judge, fingerprint, newId, isAlive })
    this.change = this.#code.change
    const { revocations, verification } = this.#code
    const { judgingAgainMs } = world
    const answering = createAnswering({ revocations, verification, timing, fingerprint, judgingAgainMs })
    this.tell = answering.tell
    this.record = answering.record
    if (kind !== 'command') void revocations.start({ isAlone: false })
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** The revision it has applied. */
  get applied(): number {
    return this.#code.revocations.applied ?? -1
  }

  /** Judges one use, and has the answer judged. */
  verify(key: SimulatedKey, presented: Presented, visibleTo: CompanyId | null): void {
    const invoked = this.#judge.invoked(key.id, presented.secret.fingerprint)
    this.machine.deliver('message', () => {
      if (!this.#isAlive) return
      const { outcome, nowMs } = this.#judgeOnce(key, presented, visibleTo)
      const say = (answer: Outcome) => this.#said(answer, invoked, visibleTo, nowMs)
      if (outcome instanceof Promise) outcome.then(say, () => {})
      else say(outcome)
    })
  }

  /** The same for whoever waits for the answer; undefined: it could not be told. */
  async ask(key: SimulatedKey, presented: Presented): Promise<Outcome['code'] | undefined> {
    try {
      return (await this.#judgeOnce(key, presented, null).outcome).code
    } catch {
      return undefined
    }
  }

  /** The key as it is to somebody who presents it now; undefined: refused, or it could not be told. */
  async accept(key: SimulatedKey, presented: Presented): Promise<AcceptedUse | undefined> {
    const outcome = await this.#judgeOnce(key, presented, null).outcome
    return outcome.code === 'VALID' ? outcome : undefined
  }

  wake(): void {
    this.machine.deliver('message', () => {
      if (this.#isAlive) this.#code.wake()
    })
  }

  /** Something is done to it or to its way to the store. */
  disturb(): void {
    this.#code.disturb()
  }

  kill(): void {
    this.#isAlive = false
  }

  async stop(): Promise<void> {
    await this.#code.revocations.stop()
    this.#isAlive = false
  }

  /** What must hold whenever it has done something. */
  check(): void {
    this.#code.check()
  }

  #judgeOnce(
    { id }: SimulatedKey,
    { by, secret: { secret }, ordinal }: Presented,
    visibleTo: CompanyId | null,
  ): Judged {
    const { verifier } = this.#code
    const nowMs = this.timing.wallMs()
    const attempt = { ...IN_FORCE, visibleTo, address: undefined, nowMs }
    const outcome =
      by === 'secret'
        ? verifier.verify(secret, attempt)
        : verifier.verifyById(id, { ...attempt, secretOrdinal: ordinal })
    if (!(outcome instanceof Promise) && this.#kind === 'server') this.#assertProven()
    return { outcome, nowMs }
  }

  /** Measured here, apart from the lease: on both clocks, from before the question. */
  #assertProven(): void {
    const { proven } = this.#code
    const ages =
      proven === undefined
        ? [Number.NaN]
        : [this.timing.monotonicMs() - proven.monotonicMs, this.timing.wallMs() - proven.wallMs]
    if (ages.every((age) => age >= 0 && age <= LEASE_MS)) return
    const said = ages.map((age) => age.toFixed(0)).join(' and ')
    this.#judge.report(
      'I5 memory only with proof',
      `${this.#name} answered from memory ${said} ms after it asked`,
    )
  }

  #said({ code }: Outcome, invoked: Invoked, visibleTo: CompanyId | null, nowMs: number): void {
    if (!this.#isAlive || code !== 'VALID') return
    this.#judge.saidYes(invoked, this.#name, nowMs)
    if (visibleTo !== null && invoked.promised !== undefined && visibleTo !== invoked.promised.companyId) {
      this.#judge.report('I6 companies apart', `${this.#name} showed a key to another company`)
    }
  }
}
