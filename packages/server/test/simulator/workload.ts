import type { RevocationScope } from '@latchkey/core/revocation-scope'
import {
  type Change,
  changeByKey,
  companyChange,
  createKey,
  deletion,
  disabling,
  enabling,
  make,
  userChange,
} from './changes.ts'
import type { Host } from './fleet.ts'
import { COMPANIES, companyOf, KEYS, secretOf, USERS, userOf } from './keys.ts'
import { isUsable, type ModelKey } from './model-contents.ts'
import { Rotating } from './rotating.ts'
import type { Presented, Server, SimulatedKey, SimulatedSecret, World } from './server.ts'
import type { Site } from './verifiers/applications.ts'

const ASKED_ON_RETURN = 40
const ASKED_ON_RETURN_MS_MAX = 600
/** Of the changes in a file: those by a command beside the service. */
const COMMANDS_SHARE = 0.3
/** Fewer than there is memory for. */
const RECALLED_MAX = 12

type Extent = {
  readonly keysAtStart: number
  readonly withActs: boolean
  readonly withRotations: boolean
  /** Applications that verify by themselves. */
  readonly sites: readonly Site[]
}

/** Everybody uses the service at once: verifications on all servers, and changes between them. */
export class Workload {
  readonly #world: World
  readonly #hosts: readonly Host[]
  readonly #withActs: boolean
  /** undefined: each key keeps the secret it was made with. */
  readonly #rotating: Rotating | undefined
  readonly #sites: readonly Site[]
  #keysMade: number
  #isOn = false
  /** Keys that somebody just began to revoke: to be asked for, and to be revoked again. */
  #hot: readonly SimulatedKey[] = []

  constructor(world: World, hosts: readonly Host[], extent: Extent) {
    const { keysAtStart, withActs, withRotations, sites } = extent
    this.#world = world
    this.#hosts = hosts
    this.#sites = sites
    this.#keysMade = keysAtStart
    this.#withActs = withActs
    this.#rotating = withRotations ? new Rotating(world) : undefined
  }

  /** All keys that were ever made. */
  get keys(): readonly SimulatedKey[] {
    return KEYS.slice(0, this.#keysMade)
  }

  start(): void {
    this.#isOn = true
    this.#tick()
  }

  stop(): void {
    this.#isOn = false
  }

  /** Revokes something elsewhere, which this server may still remember: it has just come back. */
  revokeSome(back: Host): void {
    this.#revokeWhile((key) => this.#verify(key, back), back)
  }

  /** The same for an application that has just come back. */
  revokeFor(back: Site): void {
    this.#revokeWhile((key) => this.#verifyThere(key, back), undefined)
  }

  /** It asks for keys that it accepts, so that it remembers them. */
  recall({ application }: Site): void {
    const { contents } = this.#world.store
    const isAccepted = (key: SimulatedKey) =>
      isUsable(contents, key.id) && (application.sight ?? companyOf(key)) === companyOf(key)
    for (const key of this.keys.filter(isAccepted).slice(0, RECALLED_MAX))
      application.verify(key, this.#present(key, 'secret').secret)
  }

  #revokeWhile(ask: (key: SimulatedKey) => void, back: Host | undefined): void {
    const { agenda, random } = this.#world
    // It may answer from memory for some milliseconds only.
    for (let times = 0; times < ASKED_ON_RETURN; times += 1) {
      agenda.after(random.between(0, ASKED_ON_RETURN_MS_MAX), () => {
        for (const key of this.#hot) ask(key)
      })
    }
    for (const host of back === undefined ? [...this.#hosts, ...this.#hosts] : this.#hosts) {
      if (host === back || !this.#isOn || random.chance(0.2)) continue
      agenda.after(random.between(0, 400), () =>
        this.#atServer(host, (server) => this.#revoke(server, disabling(this.#keyThatIs('enabled')))),
      )
    }
  }

  /** All secrets that were made for a key where keys are rotated. */
  secrets(key: SimulatedKey): readonly SimulatedSecret[] {
    return this.#rotating?.made(key) ?? []
  }

  /** Deletes a key, again for the most part; answers whether that succeeded. */
  deleteAny(server: Server): Promise<boolean> {
    const { keys } = this.#world.store.contents
    return this.#revoke(server, deletion(KEYS.find(({ id }) => keys.has(id))!))
  }

  #tick(): void {
    if (!this.#isOn) return
    const { agenda, random } = this.#world
    for (let times = 0; times < 3; times += 1) this.#verify(this.#anyKey(), random.pick(this.#hosts))
    for (const site of this.#sites) if (random.chance(0.5)) this.#verifyThere(this.#anyKey(), site)
    if (random.chance(0.15))
      this.#atServer(random.pick(this.#hosts), (server) => this.#changeSomething(server))
    if (this.#withActs && random.chance(0.4))
      this.#atServer(random.pick(this.#hosts), (server) => this.#act(server))
    const rotating = this.#rotating
    if (rotating !== undefined && random.chance(0.2))
      this.#atServer(random.pick(this.#hosts), (server) => this.#rotate(server, rotating))
    agenda.after(random.between(5, 50), () => this.#tick())
  }

  /** Whoever asks is told when it fails, and may ask again: here nobody listens. */
  #atServer(host: Host, ask: (server: Server) => Promise<unknown>): void {
    const { server, machine } = host
    const { isFile, random } = this.#world
    machine.deliver('message', () => {
      if (isFile && random.chance(COMMANDS_SHARE)) this.#byCommand(host.command(), ask)
      else if (server.isAlive) ask(server).catch(() => {})
    })
  }

  /** It ends when it is done. */
  #byCommand(command: Server, ask: (server: Server) => Promise<unknown>): void {
    const end = () => command.kill()
    ask(command).then(end, end)
  }

  #changeSomething(server: Server): Promise<unknown> {
    const drawn = this.#world.random.below(100)
    if (drawn < 16) return this.#revoke(server, deletion(this.#keyThatIs('enabled')))
    if (drawn < 24) return this.#revoke(server, deletion(this.#anyKey()))
    if (drawn < 42) return this.#revoke(server, disabling(this.#keyThatIs('enabled')))
    if (drawn < 62) return this.#make(server, enabling(this.#keyThatIs('disabled')))
    if (drawn < 66) return this.#revoke(server, userChange(this.#userToSet(false), false))
    if (drawn < 76) return this.#make(server, userChange(this.#userToSet(true), true))
    if (drawn < 77) return this.#revoke(server, companyChange(this.#companyToSet(false), false))
    if (drawn < 82) return this.#make(server, companyChange(this.#companyToSet(true), true))
    if (this.#keysMade === KEYS.length) return Promise.resolve()
    this.#keysMade += 1
    return createKey(server, KEYS[this.#keysMade - 1]!)
  }

  async #make(server: Server, change: Change): Promise<void> {
    const { chance, between } = this.#world.random
    await make(server, change, { chance, between, isOn: () => this.#isOn })
  }

  async #revoke(server: Server, change: Change): Promise<boolean> {
    const { judge, note } = this.#world
    const { scope } = change
    const concerned = this.keys.filter((key) => isAbout(key, scope))
    const about = `${scope.scope} ${scope.id.slice(-2)} at ${server.machine.name}`
    note(() => `revoke ${about}`)
    this.#hot = [...concerned, ...this.#hot].slice(0, 4)
    const begunAfter = judge.commits
    try {
      await this.#make(server, change)
    } catch (error) {
      note(() => `revocation of ${about} failed: ${error}`)
      return false
    }
    note(() => `revocation of ${about} answered`)
    judge.answered(scope, begunAfter)
    this.#probe(concerned.slice(0, 4))
    return true
  }

  /** Asks all servers, at once and a few times while an old lease may last. */
  #probe(keys: readonly SimulatedKey[]): void {
    const { agenda, random } = this.#world
    const ask = () => {
      for (const host of this.#hosts) for (const key of keys) this.#verify(key, host)
      for (const site of this.#sites) for (const key of keys) this.#verifyThere(key, site)
    }
    ask()
    for (let times = 0; times < 4; times += 1) agenda.after(random.between(0, 2_500) ** 2 / 2_500, ask)
  }

  /** Changes the secrets of a key, and asks for the one before when it ends. */
  async #rotate(server: Server, rotating: Rotating): Promise<void> {
    const { agenda, random } = this.#world
    const change = rotating.draw(() => this.#keyThatIs('enabled'))
    if (!(await this.#revoke(server, change))) return
    const key = this.keys.find(({ id }) => id === change.scope.id)!
    const ending = rotating.ending(key)
    if (ending === undefined) return
    for (const host of this.#hosts) {
      const leftMs = ending.endsAtMs - host.machine.wallMs()
      if (leftMs < 0 || leftMs > 5_000) continue
      agenda.after(leftMs + random.between(-50, 300), () => host.server.verify(key, ending.presented, null))
    }
  }

  /** A key that is accepted asks for a change, and may be revoked before it is made. */
  async #act(server: Server): Promise<void> {
    const { judge } = this.#world
    const { chance, between } = this.#world.random
    const key = this.#anyKey()
    const presented = this.#present(key, 'secret')
    const use = await server.accept(key, presented)
    if (use === undefined) return
    await changeByKey(server, use, { chance, between, isOn: () => this.#isOn }, (contents, nowMs) =>
      judge.acted(contents, { keyId: key.id, tag: presented.secret.fingerprint, nowMs }),
    )
  }

  #verify(key: SimulatedKey, { server }: Host): void {
    const { random } = this.#world
    const visibleTo = random.chance(0.9) ? null : random.pick(COMPANIES)
    server.verify(key, this.#present(key, random.chance(0.7) ? 'secret' : 'id'), visibleTo)
  }

  #verifyThere(key: SimulatedKey, { application }: Site): void {
    application.verify(key, this.#present(key, 'secret').secret)
  }

  #present(key: SimulatedKey, by: Presented['by']): Presented {
    return this.#rotating?.present(key, by) ?? { by, secret: secretOf(key, 0), ordinal: null }
  }

  #anyKey(): SimulatedKey {
    const { random } = this.#world
    return this.#hot.length > 0 && random.chance(0.3)
      ? random.pick(this.#hot)
      : KEYS[random.below(this.#keysMade)]!
  }

  /** Mostly one of this status: there is little to see in revoking what nobody may use. */
  #keyThatIs(status: ModelKey['status']): SimulatedKey {
    const { random, store } = this.#world
    const keys = this.keys.filter(({ id }) => store.contents.keys.get(id)?.status === status)
    return keys.length === 0 || random.chance(0.2) ? this.#anyKey() : random.pick(keys)
  }

  #userToSet(isActive: boolean) {
    const { random, store } = this.#world
    const others = USERS.filter(({ id }) => store.contents.users.get(id)?.isActive !== isActive)
    return random.pick(others.length > 0 ? others : USERS)
  }

  #companyToSet(isActive: boolean) {
    const { random, store } = this.#world
    const others = COMPANIES.filter((id) => store.contents.companies.get(id) !== isActive)
    return random.pick(others.length > 0 ? others : COMPANIES)
  }
}

function isAbout(key: SimulatedKey, { scope, id }: RevocationScope): boolean {
  if (scope === 'key') return key.id === id
  return scope === 'user' ? userOf(key).id === id : companyOf(key) === id
}
