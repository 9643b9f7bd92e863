import type { ChangesRequest, ChangesResult, KeyRecordResult } from '@latchkey/client'
import { createJudge, type Judge as LocalJudge } from '@latchkey/client/verifier/judge'
import { createLocalEngine, type LocalEngine } from '@latchkey/client/verifier/local-engine'
import type { CompanyId } from '@latchkey/core/ids'
import type { Timing } from '@latchkey/core/timing'
import type { Host } from '../fleet.ts'
import type { Invoked, Judge } from '../judge.ts'
import type { Machine } from '../machine.ts'
import type { Server, SimulatedKey, SimulatedSecret, World } from '../server.ts'
import { type Line, type Road, Wire } from '../wire.ts'
import type { Balancer } from './balancer.ts'

/** Who asks for a key waits so long. Milliseconds. */
const RECORD_MS_MAX = 2_000
/** Few, so that keys leave memory and come back. */
const KEYS_MAX = 16

type ApplicationOptions = {
  readonly machine: Machine
  readonly road: Road
  readonly balancer: Balancer
  /** The company of its own key; null: the operator's, which sees all. */
  readonly sight: CompanyId | null
  /** Of its own key. */
  readonly credentialId: string
  readonly id: string
}

/** One life of an application with a verifier: the code of the client, on a computer that outlives it. */
export class Application {
  readonly machine: Machine
  readonly sight: CompanyId | null
  readonly #name: string
  readonly #judge: Judge
  readonly #timing: Timing
  readonly #local: LocalEngine
  readonly #verify: LocalJudge
  #isAlive = true
  #onTold = () => {}

  constructor(world: World, options: ApplicationOptions) {
    const { machine, sight, id } = options
    const isAlive = () => this.#isAlive
    this.machine = machine
    this.sight = sight
    this.#name = `application ${id}`
    this.#judge = world.judge
    this.#timing = machine.createTiming(isAlive)
    const network = createNetwork(world, { ...options, timing: this.#timing, isAlive })
    let ids = 0
    this.#local = createLocalEngine({
      timing: this.#timing,
      fingerprint: world.fingerprint,
      record: network.record,
      changes: async (question, msMax) => {
        const told = await network.changes(question, msMax)
        // When it has taken it in.
        world.agenda.after(0, this.#takeOnTold())
        return told
      },
      hangUp: network.hangUp,
      newId: () => [id, ++ids].join('-'),
      isRefusal: () => false,
      onLook: () => {},
      keysMax: KEYS_MAX,
    })
    const { engine, clock, follower } = this.#local
    this.#verify = createJudge({
      engine,
      clock,
      uses: { note: () => {} },
      ask: () => Promise.reject(new Error('asked of the service')),
      onRefused: () => {},
    })
    follower.start()
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isFresh(): boolean {
    return this.#local.follower.isFresh()
  }

  /** Judges one use, and has the answer judged. */
  verify(key: SimulatedKey, secret: SimulatedSecret): void {
    const invoked = this.#judge.invoked(key.id, secret.fingerprint)
    this.machine.deliver('message', () => {
      if (!this.#isAlive) return
      const verdict = this.#verify({ key: secret.secret.reveal() })
      const nowMs = this.#local.clock.nowMs()
      if (verdict instanceof Promise)
        verdict.then(
          // Whoever answered has brought its own time with it.
          ({ code }) => this.#said(code, invoked, Math.min(nowMs, this.#local.clock.nowMs())),
          () => {},
        )
      else this.#said(verdict.code, invoked, nowMs)
    })
  }

  /** The same for whoever waits for the answer; undefined: it could not be told. */
  async ask(secret: SimulatedSecret): Promise<string | undefined> {
    try {
      return (await this.#verify({ key: secret.secret.reveal() })).code
    } catch {
      return undefined
    }
  }

  /** Runs it when the next answer to a question for changes was taken in. */
  whenTold(run: () => void): void {
    this.#onTold = run
  }

  kill(): void {
    this.#isAlive = false
  }

  /** Its verifier is closed. The process may go on, and still ask it. */
  stop(): Promise<void> {
    return this.#local.follower.stop()
  }

  #takeOnTold(): () => void {
    const run = this.#onTold
    this.#onTold = () => {}
    return run
  }

  #said(code: string, invoked: Invoked, nowMs: number): void {
    if (!this.#isAlive || code !== 'VALID') return
    this.#judge.saidYes(invoked, this.#name, nowMs)
    const { sight } = this
    if (sight !== null && invoked.promised !== undefined && sight !== invoked.promised.companyId) {
      this.#judge.report('I6 companies apart', `${this.#name} accepted a key of another company`)
    }
  }
}

type NetworkOptions = ApplicationOptions & { readonly timing: Timing; readonly isAlive: () => boolean }

/** Its way to the servers, through a balancer. */
function createNetwork(
  { agenda, random }: World,
  { machine, road, timing, isAlive, balancer, sight, credentialId }: NetworkOptions,
) {
  let polling: { readonly host: Host; readonly line: Line; readonly wire: Wire } | undefined
  const by = { id: credentialId, sight }

  const wireTo = (host: Host) => new Wire({ agenda, random, farEnd: host, machine, road, timing, isAlive })

  async function ask<T>(
    { host, wire, line }: NonNullable<typeof polling>,
    msMax: number,
    work: (server: Server) => Promise<T>,
  ): Promise<T> {
    try {
      return await wire.ask<T>(line, msMax, (answer) =>
        host.machine.deliver('message', () => {
          const { server } = host
          if (!server.isAlive) return answer(new Error('connection refused'))
          work(server).then(
            (value) => server.isAlive && answer(undefined, value),
            (error: Error) => server.isAlive && answer(error),
          )
        }),
      )
    } catch (error) {
      balancer.failed(host)
      throw error
    }
  }

  function connect() {
    const host = balancer.pick()
    const wire = wireTo(host)
    return { host, wire, line: wire.open() }
  }

  function hangUp(): void {
    if (polling !== undefined) polling.wire.close(polling.line)
    polling = undefined
  }

  return {
    hangUp,
    record: (key: string): Promise<KeyRecordResult> =>
      ask(connect(), RECORD_MS_MAX, (server) => server.record(key, by)),
    async changes(question: ChangesRequest, msMax: number): Promise<ChangesResult> {
      const next = connect()
      // A connection is kept while the balancer stays with one server.
      if (polling?.host !== next.host || polling.line.madeFor !== next.host.starts) polling = next
      const used = polling
      try {
        return await ask(used, msMax, (server) => server.tell(question, by, () => !used.line.isClosed))
      } catch (error) {
        hangUp()
        throw error
      }
    },
  }
}
