import { Clocks, Machine } from './machine.ts'
import type { Random } from './random.ts'
import { Server, type World } from './server.ts'
import type { Road } from './wire.ts'

/** A place where one server after another runs. */
export type Host = {
  readonly name: string
  readonly machine: Machine
  readonly road: Road
  /** A computer either sleeps or has its clock set: both together are outside the promise. */
  readonly maySleep: boolean
  /** Nobody wakes it when the head moves. */
  isDeaf: boolean
  server: Server
  /** As the way to it knows it: whether somebody listens, and how often one began to. */
  readonly isUp: boolean
  readonly starts: number
  /** A new process takes the place of the one that ended. */
  restart(): void
  /** A process beside it, for one change. */
  command(): Server
}

export function createFleet(world: World, serversCount: number): Host[] {
  const { random } = world
  // How far clocks are off: a little on most fleets, as far as the margin allows on some.
  const drift = random.pick([0.001, 0.02, 0.08, 0.08])
  const lateness = random.pick([0.002, 0.01, 0.05])
  const createComputer = (): Computer => {
    const rates = { monotonic: rateOf(random, drift), wall: rateOf(random, drift) }
    return { clocks: new Clocks(world.agenda, random, rates) }
  }
  // All who have one file open run on one computer.
  const shared = world.isFile ? { ...createComputer(), maySleep: random.chance(0.5) } : undefined
  return Array.from({ length: serversCount }, (_, index) =>
    createHost(world, `s${index + 1}`, shared ?? createComputer(), lateness),
  )
}

/** `maySleep`: drawn for each, where it is not given. */
type Computer = { readonly clocks: Clocks; readonly maySleep?: boolean }

function createHost(world: World, name: string, { clocks, maySleep }: Computer, lateness: number): Host {
  const { random, agenda, isFile } = world
  const kind = isFile ? 'worker' : 'server'
  const machine = new Machine(name, agenda, random, clocks)
  const road: Road = {
    cut: new Set(),
    slowness: 1,
    extraMs: { out: 0, back: 0 },
    usualMs: random.pick(isFile ? [0.2, 1, 3] : [1, 3, 10]),
    lateness,
    held: [],
  }
  let [lives, commands] = [1, 0]
  const host: Host = {
    name,
    machine,
    road,
    maySleep: maySleep ?? random.chance(0.5),
    isDeaf: false,
    server: new Server(world, machine, road, `${name}.1`, kind),
    get isUp() {
      return host.server.isAlive
    },
    get starts() {
      return lives
    },
    restart() {
      lives += 1
      host.server = new Server(world, machine, road, [name, lives].join('.'), kind)
    },
    command() {
      commands += 1
      return new Server(world, machine, road, `${name}.${lives}.${commands}`, 'command')
    },
  }
  return host
}

/** Often at an end of what is possible, for there the margins are. */
function rateOf(random: Random, drift: number): number {
  return 1 + (random.chance(0.6) ? random.pick([-drift, drift]) : random.between(-drift, drift))
}
