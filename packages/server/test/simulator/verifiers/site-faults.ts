import type { Host } from '../fleet.ts'
import type { World } from '../server.ts'
import { heal } from '../wire.ts'
import { type Ambushes, createAmbushes } from './ambushes.ts'
import type { Site } from './applications.ts'

type Fault = (site: Site) => void

export type SiteFaultsOptions = {
  readonly world: World
  readonly hosts: readonly Host[]
  readonly sites: readonly Site[]
  /** Faults that belong together come in place of most others. */
  readonly isAmbushed: boolean
  /** Of these the one that shows something least often. */
  readonly isRareWanted: boolean
  /** Hears of each application that was away. */
  readonly onReturn: Fault
  /** It asks for keys that it accepts, so that it remembers them. */
  readonly recall: Fault
  /** Puts a backup of some time ago in the place of the store, once. */
  readonly restore: () => void
}

/** What happens to applications and to their way to the servers, drawn one after the other and often at once. */
export class SiteFaults {
  readonly #world: World
  readonly #sites: readonly Site[]
  readonly #onReturn: Fault
  readonly #kinds: readonly Fault[]
  readonly #ambushes: Ambushes
  readonly #isAmbushed: boolean
  #isOn = false

  constructor(options: SiteFaultsOptions) {
    const { world, sites, isAmbushed, onReturn } = options
    this.#world = world
    this.#sites = sites
    this.#onReturn = onReturn
    const kinds: readonly Fault[] = [
      (site) => this.#halt(site, false),
      (site) => this.#halt(site, true),
      (site) => this.#stepClock(site),
      (site) => this.#crash(site),
      (site) => this.#stop(site),
      (site) => this.#cut(site),
      (site) => this.#slow(site),
    ]
    this.#kinds = kinds.filter(() => world.random.chance(isAmbushed ? 0.1 : 0.6))
    this.#ambushes = createAmbushes({ ...options, isOn: () => this.#isOn })
    this.#isAmbushed = isAmbushed
  }

  start(): void {
    this.#isOn = true
    this.#tick()
    if (this.#isAmbushed) this.#ambushes.start()
  }

  /** The operator has accepted a restored store. */
  accepted(): void {
    this.#ambushes.accepted()
  }

  healAll(): void {
    const { agenda, random } = this.#world
    this.#isOn = false
    this.#ambushes.end()
    for (const site of this.#sites) {
      if (site.machine.isHalted) site.machine.goOn()
      if (site.road.cut.size > 0) heal(site.road, agenda, random)
      Object.assign(site.road, { slowness: 1, lateness: 0, extraMs: { out: 0, back: 0 } })
      if (!site.application.isAlive) site.restart()
    }
  }

  #tick(): void {
    if (!this.#isOn) return
    const { agenda, random } = this.#world
    if (this.#kinds.length > 0) random.pick(this.#kinds)(random.pick(this.#sites))
    agenda.after(random.between(0, 900), () => this.#tick())
  }

  #during(site: Site, msMax: number, name: string, begin: () => void, end: () => void): void {
    const { agenda, random, note } = this.#world
    const ms = random.between(0, 1) ** 2 * msMax
    note(() => `${name} ${site.name} for ${Math.round(ms)} ms`)
    begin()
    agenda.after(ms, () => {
      end()
      this.#onReturn(site)
    })
  }

  #halt(site: Site, isAsleep: boolean): void {
    const { machine, maySleep } = site
    if (machine.isHalted || (isAsleep && !maySleep)) return
    const begin = () => machine.halt(isAsleep)
    this.#during(site, 6_000, isAsleep ? 'suspend' : 'freeze', begin, () => machine.goOn())
  }

  #stepClock({ machine, maySleep, name }: Site): void {
    if (maySleep) return
    const { random, note } = this.#world
    const byMs =
      random.pick([-1, 1]) * (random.chance(0.7) ? random.between(100, 6_000) : 10 ** random.between(1, 6))
    note(() => `step the clock of ${name} by ${Math.round(byMs)} ms`)
    machine.stepWall(byMs)
  }

  #crash(site: Site): void {
    const { application, machine } = site
    if (!application.isAlive || machine.isHalted) return
    application.kill()
    const begin = () => {}
    this.#during(site, 3_000, 'crash', begin, () => machine.deliver('message', () => restart(site)))
  }

  #stop(site: Site): void {
    const { application, machine } = site
    if (!application.isAlive || machine.isHalted) return
    const { agenda, random, note } = this.#world
    note(() => `stop ${site.name}`)
    const end = () => {
      application.kill()
      restart(site)
    }
    // The process goes on for a while, and is asked for keys all the time.
    application.stop().then(() => agenda.after(random.between(0, 1_500), end), end)
    this.#onReturn(site)
  }

  #cut(site: Site): void {
    if (site.road.cut.size > 0) return
    const { agenda, random } = this.#world
    const directions = random.pick([['out'], ['back'], ['out', 'back']] as const)
    const begin = () => {
      site.road.cut = new Set(directions)
    }
    this.#during(site, 5_000, `cut (${directions.join(' and ')})`, begin, () =>
      heal(site.road, agenda, random),
    )
  }

  #slow(site: Site): void {
    const begin = () => {
      site.road.slowness = this.#world.random.pick([10, 30, 100])
    }
    this.#during(site, 2_500, 'slow down', begin, () => {
      site.road.slowness = 1
    })
  }
}

function restart(site: Site): void {
  if (!site.application.isAlive) site.restart()
}
