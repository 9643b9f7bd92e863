import type { Observation } from '../../src/storage/engine.ts'
import type { Host } from './fleet.ts'
import { Replacements } from './replacements.ts'
import type { World } from './server.ts'
import { heal } from './wire.ts'

type Fault = (host: Host) => void
/** Faults, drawn one after the other and often at once. Which kinds a run has is drawn first. */
export class Faults {
  readonly #world: World
  readonly #hosts: readonly Host[]
  readonly #onReturn: Fault
  readonly #kinds: readonly Fault[]
  readonly #replacements: Replacements
  #isOn = false
  /** Waits for a barrier that begins to look. */
  #ambush = () => {}

  /** `onReturn` hears of each server that was away. `isRare`: few kinds, for others are in the way of something. */
  constructor(world: World, hosts: readonly Host[], onReturn: Fault, isRare: boolean) {
    this.#world = world
    this.#hosts = hosts
    this.#onReturn = onReturn
    const disturbAll = () => this.#disturbAll()
    const replacements = new Replacements(world, hosts, { isOn: () => this.#isOn, onReturn, disturbAll })
    this.#replacements = replacements
    // Nothing comes between a process and its file, and whoever restores one stops the service first.
    const onNetwork = (...faults: readonly Fault[]) => (world.isFile ? [] : faults)
    const kinds: readonly Fault[] = [
      (host) => this.#halt(host, false),
      (host) => this.#halt(host, true),
      (host) => this.#stepClock(host),
      (host) => this.#crash(host),
      (host) => this.#stop(host),
      ...onNetwork((host) => this.#cut(host)),
      ...onNetwork(
        (host) => this.#slow(host),
        (host) => this.#fade(host),
      ),
      () => this.#slowDisk(),
      ...onNetwork(
        (host) => this.#deafen(host),
        () => this.#bringDown(),
      ),
      () => this.#trimLog(),
      ...onNetwork(
        () => replacements.restore('proper'),
        () => replacements.copyBack(),
        (host) => replacements.replaceUnder(host),
        () => replacements.acceptInUse(),
      ),
      // Whoever looks may be the one: what it sees is then from when it has waited for long enough already.
      ...(world.isFile ? [(host: Host) => this.#springAtLook(() => this.#halt(host, false))] : []),
    ]
    this.#kinds = kinds.filter(() => world.random.chance(isRare ? 0.1 : 0.5))
  }

  /** A barrier reads this. */
  surveyed(seen: Observation): void {
    this.#replacements.surveyed(seen)
    const spring = this.#ambush
    this.#ambush = () => {}
    spring()
  }

  start(): void {
    this.#isOn = true
    this.#tick()
  }

  /** The store is put back to what it was the first time. */
  restore(): void {
    this.#replacements.backUp()
    this.#world.agenda.after(this.#world.random.between(900, 1_200), () =>
      this.#replacements.restore('proper'),
    )
  }

  /** No new ones, and an end to those there are. A store that was restored waits for its operator. */
  healAll(): void {
    const { agenda, random, store } = this.#world
    this.#isOn = false
    // A barrier of a server that stood still until now has taken as long.
    this.#disturbAll()
    if (!store.isUp) store.start()
    store.setDisk('fast')
    for (const host of this.#hosts) {
      if (host.machine.isHalted) host.machine.goOn()
      if (host.road.cut.size > 0) heal(host.road, agenda, random)
      Object.assign(host.road, { slowness: 1, lateness: 0, extraMs: { out: 0, back: 0 } })
      host.isDeaf = false
      if (!this.#replacements.isCopied) restart(host)
    }
  }

  #tick(): void {
    if (!this.#isOn) return
    const { agenda, random } = this.#world
    if (random.chance(0.1)) this.#replacements.backUp()
    if (this.#kinds.length > 0) random.pick(this.#kinds)(random.pick(this.#hosts))
    agenda.after(random.between(0, 700), () => this.#tick())
  }

  /** Does it, and undoes it after a while, of which most are short and some far longer than a lease. */
  #during(host: Host, msMax: number, name: string, begin: () => void, end: () => void): void {
    const { agenda, random, note } = this.#world
    const ms = random.between(0, 1) ** 2 * msMax
    note(() => `${name} ${host.name} for ${Math.round(ms)} ms`)
    host.server.disturb()
    begin()
    agenda.after(ms, () => {
      host.server.disturb()
      end()
      this.#comeBack(host)
    })
  }

  /** Whoever was away finds a slow way at first, often enough. */
  #comeBack(host: Host): void {
    const { agenda, random } = this.#world
    this.#onReturn(host)
    if (!this.#isOn || random.chance(0.5)) return
    host.server.disturb()
    host.road.extraMs = { out: random.between(0, 250), back: random.between(0, 50) }
    agenda.after(random.between(300, 1_500), () => {
      host.road.extraMs = { out: 0, back: 0 }
    })
  }

  #disturbAll(): void {
    for (const { server } of this.#hosts) server.disturb()
  }

  #halt(host: Host, isAsleep: boolean): void {
    const { machine, maySleep } = host
    // Whoever sleeps does so with all who are on the same computer.
    const halted = isAsleep ? this.#hosts.filter((other) => other.machine.clocks === machine.clocks) : [host]
    if (halted.some((other) => other.machine.isHalted) || (isAsleep && !maySleep)) return
    const begin = () => {
      for (const other of halted) other.machine.halt(isAsleep)
      if (halted.length > 1) this.#disturbAll()
    }
    this.#during(host, 7_000, isAsleep ? 'suspend' : 'freeze', begin, () => {
      for (const other of halted) other.machine.goOn()
    })
  }

  #springAtLook(spring: () => void): void {
    this.#ambush = () => {
      if (this.#isOn) spring()
    }
  }

  #stepClock(host: Host): void {
    if (host.maySleep) return
    const { random, note } = this.#world
    const direction = random.pick([-1, 1])
    const byMs = direction * (random.chance(0.7) ? random.between(100, 6_000) : 10 ** random.between(1, 6.5))
    note(() => `step the clock of ${host.name} by ${Math.round(byMs)} ms`)
    host.machine.stepWall(byMs)
  }

  #crash(host: Host): void {
    const { server, machine } = host
    if (!server.isAlive || machine.isHalted || this.#replacements.isCopied) return
    server.kill()
    const begin = () => {}
    this.#during(host, 4_000, 'crash', begin, () => machine.deliver('message', () => restart(host)))
  }

  #stop(host: Host): void {
    const { server, machine } = host
    if (!server.isAlive || machine.isHalted || this.#replacements.isCopied) return
    this.#world.note(() => `stop ${host.name}`)
    const end = (): void => {
      if (this.#replacements.isCopied) {
        this.#world.agenda.after(100, end)
        return
      }
      server.kill()
      restart(host)
    }
    server.stop().then(end, end)
  }

  #cut(host: Host): void {
    if (host.road.cut.size > 0) return
    const { agenda, random } = this.#world
    const directions = random.pick([['out'], ['back'], ['out', 'back']] as const)
    const begin = () => {
      host.road.cut = new Set(directions)
    }
    this.#during(host, 6_000, `cut (${directions.join(' and ')})`, begin, () =>
      heal(host.road, agenda, random),
    )
  }

  #slow(host: Host): void {
    const begin = () => {
      host.road.slowness = this.#world.random.pick([10, 30, 100])
    }
    this.#during(host, 2_000, 'slow down', begin, () => {
      host.road.slowness = 1
    })
  }

  /** The last answers are late, then nothing is heard for longer than a lease. */
  #fade(host: Host): void {
    const { road, machine, server } = host
    if (road.cut.size > 0 || machine.isHalted) return
    const { agenda, random, note } = this.#world
    if (random.chance(0.5)) road.slowness = random.between(60, 300) / road.usualMs
    else road.extraMs = { out: 0, back: random.between(100, 280) }
    const isHalt = random.chance(0.5)
    note(() => `${host.name} fades away`)
    server.disturb()
    agenda.after(random.between(200, 1_200), () => {
      Object.assign(road, { slowness: 1, extraMs: { out: 0, back: 0 } })
      if (!this.#isOn || road.cut.size > 0 || machine.isHalted) return
      if (isHalt) machine.halt(host.maySleep)
      else road.cut = new Set(['out', 'back'])
      agenda.after(random.between(2_000, 4_500), () => {
        host.server.disturb()
        if (isHalt) machine.goOn()
        else heal(road, agenda, random)
        this.#comeBack(host)
      })
    })
  }

  #deafen(host: Host): void {
    const begin = () => {
      host.isDeaf = true
    }
    this.#during(host, 6_000, 'deafen', begin, () => {
      host.isDeaf = false
      // Who listens again, looks.
      host.server.wake()
    })
  }

  #slowDisk(): void {
    const { agenda, random, store, note } = this.#world
    const ms = random.between(0, 3_000)
    note(() => `the disk of the store is slow for ${Math.round(ms)} ms`)
    this.#disturbAll()
    store.setDisk('slow')
    agenda.after(ms, () => {
      this.#disturbAll()
      store.setDisk('fast')
    })
  }

  #bringDown(): void {
    const { agenda, random, store, note } = this.#world
    if (!store.isUp) return
    const ms = random.between(0, 1) ** 2 * 2_500
    note(() => `the store is down for ${Math.round(ms)} ms`)
    this.#disturbAll()
    store.stop()
    agenda.after(ms, () => {
      this.#disturbAll()
      if (!store.isUp) store.start()
    })
  }

  #trimLog(): void {
    this.#world.note(() => 'trim the log')
    this.#world.store.trimLog()
  }
}

function restart(host: Host): void {
  if (!host.server.isAlive) host.restart()
}
