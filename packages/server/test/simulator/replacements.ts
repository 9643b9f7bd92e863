import type { Observation } from '../../src/storage/engine.ts'
import type { Host } from './fleet.ts'
import type { Contents } from './model-contents.ts'
import type { World } from './server.ts'

/** `commits`: how many there had been. */
type Backup = { readonly contents: Contents; readonly commits: number }

type Surroundings = {
  /** Whether faults are still made. */
  readonly isOn: () => boolean
  /** Hears of each server that was away. */
  readonly onReturn: (host: Host) => void
  readonly disturbAll: () => void
}

/** An operator waits a lease and the margin, by a clock that may be fast, before a restored store is accepted. */
const ACCEPT_AFTER_MS = 2_320

/** Another store in the place of the one in use: once in a run at most, for its operator has to accept it. */
export class Replacements {
  readonly #world: World
  readonly #hosts: readonly Host[]
  readonly #surroundings: Surroundings
  #backup: Backup | undefined
  /** Waits for a barrier that is about to end. */
  #ambush = () => {}
  #restored: 'proper' | 'copied' | 'accepted' | undefined

  constructor(world: World, hosts: readonly Host[], surroundings: Surroundings) {
    this.#world = world
    this.#hosts = hosts
    this.#surroundings = surroundings
  }

  /** Only who was there knows that it was replaced: nobody may end before it is accepted. */
  get isCopied(): boolean {
    return this.#restored === 'copied'
  }

  /** The first is kept. */
  backUp(): void {
    this.#backup ??= this.#copy()
  }

  /** A barrier reads this. */
  surveyed({ revision, servers }: Observation): void {
    const isNews = revision > (this.#backup?.contents.revision ?? revision)
    if (!isNews || servers.some(({ applied }) => applied < revision)) return
    const spring = this.#ambush
    this.#ambush = () => {}
    spring()
  }

  /** Noticed by who knew the head, and by nobody else: so all do, and none may end before it is accepted. */
  copyBack(): void {
    const { revision } = this.#backup?.contents ?? this.#world.store.contents
    const isKnown = this.#hosts.every(
      ({ server, machine }) => server.isAlive && !machine.isHalted && server.applied > revision,
    )
    if (isKnown) this.restore('copied')
  }

  /** Whoever revokes stands still before it hears that all is well, and a copy from before takes the store's place. */
  replaceUnder(host: Host): void {
    const { agenda, random, store } = this.#world
    if (this.#restored !== undefined || !store.isUp) return
    this.#backup = this.#copy()
    this.#surroundings.onReturn(host)
    this.#ambush = () => {
      for (const { machine } of this.#hosts) if (machine !== host.machine) this.#standStill(machine)
      agenda.after(random.between(0, 100), () => this.restore('proper'))
    }
  }

  /** For longer than a lease. */
  #standStill(machine: Host['machine']): void {
    const { agenda, random, note } = this.#world
    if (!this.#surroundings.isOn() || machine.isHalted) return
    note(() => `freeze ${machine.name}`)
    this.#surroundings.disturbAll()
    machine.halt(false)
    agenda.after(random.between(2_300, 6_000), () => {
      this.#surroundings.disturbAll()
      machine.goOn()
    })
  }

  restore(how: 'proper' | 'copied'): void {
    const { agenda, random, store, judge, note } = this.#world
    const backup = this.#backup
    if (!this.#surroundings.isOn() || this.#restored !== undefined || backup === undefined || !store.isUp)
      return
    const { contents, commits } = backup
    this.#restored = how
    note(() => `restore (${how}) the backup of revision ${contents.revision} over ${store.contents.revision}`)
    this.#surroundings.disturbAll()
    store.restore(contents, how)
    judge.replaced(commits)
    agenda.after(ACCEPT_AFTER_MS + random.between(0, 1_000), () => this.#accept())
  }

  /** An operator accepts what nobody had refused, or a second one does. */
  acceptInUse(): void {
    const { agenda, random, store, note } = this.#world
    if (this.#restored !== undefined || !store.isUp) return
    this.#restored = 'proper'
    note(() => 'the operator accepts a store that is in use')
    this.#surroundings.disturbAll()
    store.distrust(store.head.epoch)
    agenda.after(ACCEPT_AFTER_MS + random.between(0, 1_000), () => this.#accept())
  }

  #accept(): void {
    const { agenda, store, note } = this.#world
    if (!store.isUp) {
      agenda.after(100, () => this.#accept())
      return
    }
    this.#surroundings.disturbAll()
    note(() => 'the operator accepts the store')
    store.accept()
    this.#restored = 'accepted'
  }

  #copy(): Backup {
    const { store, judge } = this.#world
    return { contents: store.backUp(), commits: judge.commits }
  }
}
