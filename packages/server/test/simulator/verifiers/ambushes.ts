import type { Host } from '../fleet.ts'
import type { World } from '../server.ts'
import { heal } from '../wire.ts'
import type { Site } from './applications.ts'

type Ambush = (site: Site) => void

type Scene = {
  readonly world: World
  readonly hosts: readonly Host[]
  readonly sites: readonly Site[]
  readonly isRareWanted: boolean
  /** Whether faults are still made. */
  readonly isOn: () => boolean
  /** Revokes what this application may still remember, and asks it. */
  readonly onReturn: Ambush
  /** It asks for keys that it accepts, so that it remembers them. */
  readonly recall: Ambush
  /** Puts a backup of some time ago in the place of the store, once. */
  readonly restore: () => void
}

/** Faults that show something only together and in one order, which chance alone seldom brings about. */
export type Ambushes = {
  start(): void
  /** The operator has accepted a restored store. */
  accepted(): void
  /** Servers and balancers are as before. */
  end(): void
}

export function createAmbushes(scene: Scene): Ambushes {
  const { world, hosts, sites, isOn } = scene
  const { agenda, random } = world
  const steps = createSteps(scene)
  const kinds = world.isFile
    ? [
        stepForwardWhileHeld(steps, scene),
        sayGoodbyeLate(steps, scene),
        ...twice(killWhileLent(steps, scene)),
      ]
    : [
        stepForwardWhileHeld(steps, scene),
        sayGoodbyeLate(steps, scene),
        // Those that seldom come about are drawn more often.
        ...twice(stepBackWhileCutOff(steps, scene)),
        ...twice(sleepWhileBehind(steps, scene)),
        ...twice(restoreAfterMuch(steps, scene)),
      ]
  const drawn = random.pick(kinds)
  const kind = scene.isRareWanted && !world.isFile ? sleepWhileBehind(steps, scene) : drawn

  function tick(): void {
    if (!isOn()) return
    kind(random.pick(sites))
    agenda.after(random.between(2_500, 3_500), tick)
  }

  return {
    start() {
      agenda.after(random.between(0, 400), tick)
    },
    accepted: () => loseAnswersOfTheNewEpoch(steps, scene)(random.pick(sites)),
    end() {
      for (const { balancer } of sites) balancer.pin(undefined)
      for (const { machine } of hosts) if (machine.isHalted) machine.goOn()
    },
  }
}

const twice = (ambush: Ambush): readonly Ambush[] => [ambush, ambush]

/** What a server has sent before something happens to it arrives until then, mostly. Milliseconds. */
const ON_ITS_WAY_MS = 15

/** What ambushes are made of. */
function createSteps({ world, isOn, onReturn }: Scene) {
  const { agenda, random, note } = world

  /** Later, unless all has healed by then. */
  function later(ms: number, run: () => void): void {
    agenda.after(ms, () => {
      if (isOn()) run()
    })
  }

  return {
    later,
    /** Nothing reaches the application for longer than its lease, while what it remembers is revoked. */
    strand(site: Site): void {
      if (site.road.cut.size > 0 || !isOn()) {
        site.balancer.pin(undefined)
        return
      }
      note(() => `strand ${site.name}`)
      site.road.cut = new Set(['out', 'back'])
      onReturn(site)
      agenda.after(random.between(3_500, 5_500), () => {
        heal(site.road, agenda, random)
        site.balancer.pin(undefined)
      })
    },
    /** The server hears nothing of the store any more. */
    cutOff(host: Host, ms: number): void {
      host.server.disturb()
      host.road.cut = new Set(['out', 'back'])
      agenda.after(ms, () => {
        host.server.disturb()
        heal(host.road, agenda, random)
      })
    },
    isAtEase: ({ machine, road, server }: Host): boolean =>
      server.isAlive && !machine.isHalted && road.cut.size === 0,
  }
}

type Steps = ReturnType<typeof createSteps>

/** The clock of a server is set forward while an answer is held, and nothing comes after that answer. */
function stepForwardWhileHeld({ later, strand, isAtEase }: Steps, { world, recall }: Scene): Ambush {
  const { random, note } = world
  return (site) => {
    const host = site.balancer.current
    if (host.maySleep || !isAtEase(host)) return
    site.balancer.pin(host)
    recall(site)
    const byMs = random.between(1_000, 5_000)
    note(() => `step the clock of ${host.name} by ${Math.round(byMs)} ms`)
    host.machine.stepWall(byMs)
    // What is on its way comes first.
    later(ON_ITS_WAY_MS, () => site.application.whenTold(() => strand(site)))
  }
}

/** A server hears nothing of the store, its clock is set back, and then it lends what is left of its lease. */
function stepBackWhileCutOff({ later, strand, cutOff, isAtEase }: Steps, scene: Scene): Ambush {
  const { random, note } = scene.world
  return (site) => {
    const host = site.balancer.current
    if (host.maySleep || !isAtEase(host)) return
    site.balancer.pin(host)
    scene.recall(site)
    note(() => `${host.name} hears nothing of the store`)
    cutOff(host, 4_000)
    scene.onReturn(site)
    const afterMs = random.between(700, 1_100)
    later(afterMs, () => {
      note(() => `step the clock of ${host.name} back`)
      host.machine.stepWall(-afterMs * random.between(0.9, 0.99))
      // The first answer after it was held meanwhile.
      const { application } = site
      application.whenTold(() => application.whenTold(() => strand(site)))
    })
  }
}

/** A server sleeps for nearly as long as its lease, and wakes up to an application that knows less than it did. */
function sleepWhileBehind({ later, strand, cutOff, isAtEase }: Steps, scene: Scene): Ambush {
  const { hosts, onReturn, world, isOn } = scene
  const { agenda, random, note } = world
  return (site) => {
    const ignorant = site.balancer.current
    const sleepers = hosts.filter((host) => host.maySleep && host !== ignorant && isAtEase(host))
    if (sleepers.length === 0 || !isAtEase(ignorant)) return
    const sleeper = random.pick(sleepers)
    site.balancer.pin(ignorant)
    scene.recall(site)
    note(() => `${ignorant.name} hears nothing of the store`)
    cutOff(ignorant, 4_000)
    onReturn(site)
    const sleptMs = random.between(1_300, 1_850)
    later(random.between(100, 400), () => {
      if (!isAtEase(sleeper)) return
      note(() => `suspend ${sleeper.name} for ${Math.round(sleptMs)} ms`)
      sleeper.server.disturb()
      sleeper.machine.halt(true)
      onReturn(site)
      later(sleptMs - random.between(100, 700), () => site.balancer.pin(sleeper))
      agenda.after(sleptMs, () => {
        sleeper.server.disturb()
        if (sleeper.machine.isHalted) sleeper.machine.goOn()
        if (isOn()) site.application.whenTold(() => strand(site))
      })
    })
  }
}

/** The goodbye of an application arrives when the next one has long begun. */
function sayGoodbyeLate({ later, strand }: Steps, { world, recall }: Scene): Ambush {
  const { agenda, random, note } = world
  return (site) => {
    const { application, machine, road, balancer } = site
    if (!application.isAlive || machine.isHalted || road.cut.size > 0) return
    balancer.pin(balancer.current)
    const lateMs = random.between(1_100, 2_200)
    note(() => `stop ${site.name}, whose goodbye takes ${Math.round(lateMs)} ms`)
    const end = () => {
      application.kill()
      if (site.application === application) site.restart()
    }
    road.extraMs = { out: lateMs, back: 0 }
    application.stop().then(end, end)
    agenda.after(1, () => {
      road.extraMs = { out: 0, back: 0 }
    })
    later(lateMs - 100, () => recall(site))
    later(lateMs + random.between(0, 40), () => strand(site))
  }
}

/** The process that an application has its lease from is killed, and another takes its place. */
function killWhileLent({ strand, isAtEase }: Steps, { world, isOn, recall }: Scene): Ambush {
  const { agenda, random, note } = world
  return (site) => {
    const host = site.balancer.current
    if (!isAtEase(host)) return
    site.balancer.pin(host)
    recall(site)
    site.application.whenTold(() => {
      if (!isOn() || !isAtEase(host)) return
      note(() => `kill ${host.name}`)
      host.server.kill()
      agenda.after(random.between(0, 300), () => {
        if (!host.server.isAlive) host.restart()
      })
      strand(site)
    })
  }
}

/** Much is revoked, and then a backup from before takes the place of the store. The rest comes when that is accepted. */
function restoreAfterMuch({ later }: Steps, { restore, onReturn }: Scene): Ambush {
  return (site) => {
    restore()
    // No more: they wait for the row of their company one after the other.
    for (const ms of [0, 300, 600]) later(ms, () => onReturn(site))
  }
}

/** What a server says first in the new epoch does not arrive; and when it was heard after all, nothing does. */
function loseAnswersOfTheNewEpoch({ later, strand }: Steps, { world, isOn, recall }: Scene): Ambush {
  const { agenda, random, note } = world
  return (site) => {
    if (!isOn() || site.road.cut.size > 0) return
    // Longer than a question is waited for, and shorter than two.
    const lostMs = random.between(1_400, 1_800)
    note(() => `nothing comes back to ${site.name} for ${Math.round(lostMs)} ms`)
    site.balancer.pin(site.balancer.current)
    site.road.cut = new Set(['back'])
    agenda.after(lostMs, () => {
      heal(site.road, agenda, random)
      // Time enough to have keys in memory again.
      site.application.whenTold(() => {
        recall(site)
        later(random.between(100, 400), () => strand(site))
      })
    })
  }
}
