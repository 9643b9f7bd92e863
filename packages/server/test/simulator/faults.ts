import type { Host } from './fleet.ts'
import type { Contents } from './model-store.ts'
import type { World } from './server.ts'
import { heal } from './wire.ts'

type Fault = (host: Host) => void
type Note = (line: () => string) => void

export type Faults = {
  start(): void
  /** No new ones, and an end to those there are. */
  healAll(): void
}

/** An operator waits a lease and the margin, by a clock that may be fast, before a restored store is accepted. */
const ACCEPT_AFTER_MS = 2_320

/** Faults, drawn one after the other and often at once. Which kinds a run has is drawn first. */
export function createFaults(world: World, hosts: readonly Host[], note: Note, onReturn: Fault): Faults {
  const { agenda, random, store } = world
  let isOn = false
  let backup: Contents | undefined
  let restored: 'proper' | 'copied' | 'accepted' | undefined

  /** Does it, and undoes it after a while, of which most are short and some far longer than a lease. */
  function during(host: Host, msMax: number, name: string, begin: () => void, end: () => void): void {
    const ms = random.between(0, 1) ** 2 * msMax
    note(() => `${name} ${host.name} for ${Math.round(ms)} ms`)
    host.server.disturb()
    begin()
    agenda.after(ms, () => {
      host.server.disturb()
      end()
      comeBack(host)
    })
  }

  const halt =
    (isAsleep: boolean): Fault =>
    (host) => {
      if (host.machine.isHalted || (isAsleep && !host.maySleep)) return
      during(
        host,
        7_000,
        isAsleep ? 'suspend' : 'freeze',
        () => host.machine.halt(isAsleep),
        () => host.machine.goOn(),
      )
    }

  /** Whoever was away finds a slow way at first, often enough. */
  function comeBack(host: Host): void {
    onReturn(host)
    if (!isOn || random.chance(0.5)) return
    host.server.disturb()
    host.road.extraMs = { out: random.between(0, 250), back: random.between(0, 50) }
    agenda.after(random.between(300, 1_500), () => {
      host.road.extraMs = { out: 0, back: 0 }
    })
  }

  const faults: Record<string, Fault> = {
    freeze: halt(false),
    suspend: halt(true),
    step(host) {
      if (host.maySleep) return
      const byMs =
        random.pick([-1, 1]) *
        (random.chance(0.7) ? random.between(100, 6_000) : 10 ** random.between(1, 6.5))
      note(() => `step the clock of ${host.name} by ${Math.round(byMs)} ms`)
      host.machine.stepWall(byMs)
    },
    crash(host) {
      const { server } = host
      if (!server.isAlive || host.machine.isHalted || restored === 'copied') return
      server.kill()
      during(
        host,
        4_000,
        'crash',
        () => {},
        () => host.machine.deliver('message', () => restart(host)),
      )
    },
    stop(host) {
      const { server } = host
      if (!server.isAlive || host.machine.isHalted || restored === 'copied') return
      note(() => `stop ${host.name}`)
      const end = (): void => {
        if (restored === 'copied') return void agenda.after(100, end)
        server.kill()
        restart(host)
      }
      server.stop().then(end, end)
    },
    cut(host) {
      if (host.road.cut.size > 0) return
      const directions = random.pick([['out'], ['back'], ['out', 'back']] as const)
      during(
        host,
        6_000,
        `cut (${directions.join(' and ')})`,
        () => {
          host.road.cut = new Set(directions)
        },
        () => heal(host.road, agenda, random),
      )
    },
    slow(host) {
      during(
        host,
        2_000,
        'slow down',
        () => {
          host.road.slowness = random.pick([10, 30, 100])
        },
        () => {
          host.road.slowness = 1
        },
      )
    },
    // The last answers are late, then nothing is heard for longer than a lease.
    fade(host) {
      if (host.road.cut.size > 0 || host.machine.isHalted) return
      if (random.chance(0.5)) host.road.slowness = random.between(60, 300) / host.road.usualMs
      else host.road.extraMs = { out: 0, back: random.between(100, 280) }
      const isHalt = random.chance(0.5)
      note(() => `${host.name} fades away`)
      host.server.disturb()
      agenda.after(random.between(200, 1_200), () => {
        host.road.slowness = 1
        host.road.extraMs = { out: 0, back: 0 }
        if (!isOn || host.road.cut.size > 0 || host.machine.isHalted) return
        if (isHalt) host.machine.halt(host.maySleep)
        else host.road.cut = new Set(['out', 'back'])
        agenda.after(random.between(2_000, 4_500), () => {
          host.server.disturb()
          if (isHalt) host.machine.goOn()
          else heal(host.road, agenda, random)
          comeBack(host)
        })
      })
    },
    slowDisk() {
      const ms = random.between(0, 3_000)
      note(() => `the disk of the store is slow for ${Math.round(ms)} ms`)
      for (const { server } of hosts) server.disturb()
      store.setDisk('slow')
      agenda.after(ms, () => {
        for (const { server } of hosts) server.disturb()
        store.setDisk('fast')
      })
    },
    deafen(host) {
      during(
        host,
        6_000,
        'deafen',
        () => {
          host.isDeaf = true
        },
        () => {
          host.isDeaf = false
          host.server.wake()
        },
      )
    },
    bringDown() {
      if (!store.isUp) return
      const ms = random.between(0, 1) ** 2 * 2_500
      note(() => `the store is down for ${Math.round(ms)} ms`)
      for (const { server } of hosts) server.disturb()
      store.stop()
      agenda.after(ms, () => {
        for (const { server } of hosts) server.disturb()
        if (!store.isUp) store.start()
      })
    },
    trim() {
      note(() => 'trim the log')
      store.trimLog()
    },
    restore: () => restoreAs('proper'),
    // Only who knows the head notices: this one is told by all servers, and none may end until it is accepted.
    copyBack() {
      const { revision } = backup ?? store.contents
      if (
        hosts.every(({ server, machine }) => server.isAlive && !machine.isHalted && server.applied > revision)
      ) {
        restoreAs('copied')
      }
    },
  }

  function restoreAs(how: 'proper' | 'copied'): void {
    if (restored !== undefined || backup === undefined || !store.isUp) return
    restored = how
    const back = backup
    note(() => `restore (${how}) the backup of revision ${back.revision} over ${store.contents.revision}`)
    for (const { server } of hosts) server.disturb()
    store.restore(back, how)
    agenda.after(ACCEPT_AFTER_MS + random.between(0, 1_000), acceptWhenUp)
  }

  function acceptWhenUp(): void {
    if (!store.isUp) return void agenda.after(100, acceptWhenUp)
    for (const { server } of hosts) server.disturb()
    note(() => 'the operator accepts the store')
    store.accept()
    restored = 'accepted'
  }

  const kinds = Object.values(faults).filter(() => random.chance(0.5))

  function tick(): void {
    if (!isOn) return
    if (random.chance(0.1)) backup ??= store.backUp()
    if (kinds.length > 0) random.pick(kinds)(random.pick(hosts))
    agenda.after(random.between(0, 700), tick)
  }

  return {
    start() {
      isOn = true
      tick()
    },
    healAll() {
      isOn = false
      if (!store.isUp) store.start()
      store.setDisk('fast')
      for (const host of hosts) {
        if (host.machine.isHalted) host.machine.goOn()
        if (host.road.cut.size > 0) heal(host.road, agenda, random)
        host.road.slowness = 1
        host.road.extraMs = { out: 0, back: 0 }
        host.road.lateness = 0
        host.isDeaf = false
        if (restored !== 'copied') restart(host)
      }
    },
  }
}

function restart(host: Host): void {
  if (!host.server.isAlive) host.restart()
}
