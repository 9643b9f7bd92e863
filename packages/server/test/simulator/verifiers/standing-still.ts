import { disabling, enabling, make } from '../changes.ts'
import type { Host } from '../fleet.ts'
import type { Violation } from '../judge.ts'
import { COMPANIES, companyOf, KEYS, secretOf } from '../keys.ts'
import type { SimulatedKey } from '../server.ts'
import { heal } from '../wire.ts'
import type { Site } from './applications.ts'
import { aCalmWorld, KEYS_COUNT, NO_STALLS } from './calm.ts'

const BEGIN_MS = 2_000
const ROUNDS = 12
/** Beyond a lease and its margin, by a clock that is slow. */
const STILL_MS = { min: 2_600, max: 4_000 }
/** The application goes on so much later. */
const LATER_MS_MAX = 60
/** Look-ups of a server that has just gone on wait for each other. */
const JUDGING_AGAIN_MS_MAX = 60
const STRANDED_MS = 4_500

/**
 * A server and an application that it holds a question of stand still together, as on one computer that swaps. The server
 * goes on first; then nothing reaches the application any more, and what it remembers is revoked elsewhere.
 */
export async function simulate(seed: number): Promise<Violation | undefined> {
  const { world, hosts, sites } = aCalmWorld(seed, ({ between }) => between(0, JUDGING_AGAIN_MS_MAX))
  const { agenda, random, judge } = world
  const [company] = COMPANIES
  const keys = KEYS.slice(0, KEYS_COUNT).filter((key) => companyOf(key) === company)
  const later = (ms: number) => new Promise<void>((resolve) => void agenda.after(ms, resolve))

  async function revokeAt({ server }: Host, key: SimulatedKey, { application }: Site): Promise<void> {
    const begunAfter = judge.commits
    const change = disabling(key)
    await make(server, change, NO_STALLS)
    judge.answered(change.scope, begunAfter)
    application.verify(key, secretOf(key, 0))
  }

  async function standStill(site: Site, host: Host): Promise<void> {
    const key = random.pick(keys)
    const elsewhere = random.pick(hosts.filter((other) => other !== host))
    const { application, machine, balancer, road } = site
    balancer.pin(host)
    await later(random.between(600, 1_200))
    application.verify(key, secretOf(key, 0))
    await later(random.between(50, 500))
    for (const stopped of [host.machine, machine]) stopped.halt(false)
    await later(random.between(STILL_MS.min, STILL_MS.max))
    application.whenTold(() => {
      road.cut = new Set(['out', 'back'])
      void revokeAt(elsewhere, key, site)
    })
    host.machine.goOn()
    await later(random.between(0, LATER_MS_MAX))
    machine.goOn()
    await later(STRANDED_MS)
    heal(road, agenda, random)
    balancer.pin(undefined)
    await make(elsewhere.server, enabling(key), NO_STALLS)
  }

  let isOver = false
  async function run(): Promise<void> {
    const company = sites.filter(({ application }) => application.sight !== COMPANIES[1])
    for (let round = 0; round < ROUNDS; round += 1) await standStill(random.pick(company), random.pick(hosts))
    isOver = true
  }
  agenda.after(BEGIN_MS, () => void run())
  await agenda.run(() => isOver || judge.violation !== undefined)
  return judge.violation
}
