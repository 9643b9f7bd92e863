import type { Host } from '../fleet.ts'
import { COMPANIES } from '../keys.ts'
import { Clocks, Machine } from '../machine.ts'
import type { World } from '../server.ts'
import type { Road } from '../wire.ts'
import { Application } from './application.ts'
import { type Balancer, createBalancer } from './balancer.ts'

/** A place where one application after another runs. */
export type Site = {
  readonly name: string
  readonly machine: Machine
  readonly road: Road
  readonly maySleep: boolean
  readonly balancer: Balancer
  application: Application
  restart(): void
}

/** How often a balancer sends the next request elsewhere. */
const MOVES = [0, 0.03, 0.2, 1]

/** Two of one company, one of another, and one of the operator. */
export function createSites(world: World, hosts: readonly Host[], moves = MOVES): Site[] {
  return [COMPANIES[0], COMPANIES[0], COMPANIES[1], null].map((sight, index) => {
    const { agenda, random } = world
    const name = `a${index + 1}`
    const drift = random.pick([0.001, 0.02, 0.08])
    const rate = () => 1 + random.pick([-drift, drift])
    const machine = new Machine(
      name,
      agenda,
      random,
      new Clocks(agenda, random, { monotonic: rate(), wall: rate() }),
    )
    const road: Road = {
      cut: new Set(),
      slowness: 1,
      extraMs: { out: 0, back: 0 },
      usualMs: random.pick([1, 3, 10]),
      lateness: random.pick([0.002, 0.01, 0.05]),
      held: [],
    }
    const balancer = createBalancer(random, hosts, random.pick(moves))
    let lives = 0
    const options = { machine, road, balancer, sight, credentialId: name }
    const start = () => new Application(world, { ...options, id: `${name}.${++lives}` })
    const site: Site = {
      name,
      machine,
      road,
      maySleep: random.chance(0.5),
      balancer,
      application: start(),
      restart() {
        site.application = start()
      },
    }
    return site
  })
}
