import { createAgenda } from '../agenda.ts'
import { disabling, enabling, make } from '../changes.ts'
import { createFleet, type Host } from '../fleet.ts'
import { Judge, type Violation } from '../judge.ts'
import { COMPANIES, companyOf, fillStore, fingerprintOf, KEYS, secretOf } from '../keys.ts'
import { ModelStore } from '../model-store.ts'
import { createRandom } from '../random.ts'
import type { World } from '../server.ts'
import { createHooks } from '../simulate.ts'
import { createSites, type Site } from './applications.ts'
import { startUnheeding } from './unheeding.ts'

/** The same, as an invariant: nobody waits, and memory may answer nearly always. */
export async function simulate(seed: number): Promise<Violation | undefined> {
  const { freshShare, tookMs, violation } = await simulateCalm(seed)
  if (violation !== undefined) return violation
  const broken = (detail: string): Violation => ({ invariant: 'nobody waits', atMs: END_MS, detail })
  if (!(freshShare >= FRESH_SHARE_MIN)) return broken(`memory might answer ${freshShare} of the time`)
  const slow = tookMs.filter((ms) => ms > PROMPT_MS_MAX)
  if (tookMs.length > 0 && slow.length <= tookMs.length * SLOW_SHARE_MAX) return undefined
  return broken(`${slow.length} of ${tookMs.length} revocations took more than ${PROMPT_MS_MAX} ms`)
}

/** What a day without faults came to. */
type Calm = {
  /** Of the looks at verifiers that nothing was in the way of, how many found that memory may answer. */
  readonly freshShare: number
  /** From a request to its answer, in milliseconds, of all revocations. */
  readonly tookMs: readonly number[]
  /** What was broken. */
  readonly violation: Violation | undefined
}

const FRESH_SHARE_MIN = 0.99
const PROMPT_MS_MAX = 400
/** A balancer may not meet every server in time. */
const SLOW_SHARE_MAX = 0.2
const SERVERS = 3
export const KEYS_COUNT = 8
const BEGIN_MS = 2_000
const END_MS = 12_000
const LOOK_EVERY_MS = 20
const FROZEN_MS = 2_500
const THAWED_MS = 700
export const NO_STALLS = { chance: () => false, between: (low: number) => low, isOn: () => false }

/**
 * Nothing goes wrong, but that the application of one company stands still again and again, and that one of the other company never
 * says that it has heard anything: how fresh are the verifiers of the other company and of the operator, and how long do
 * revocations of that company take?
 */
async function simulateCalm(seed: number): Promise<Calm> {
  const { world, hosts, sites } = aCalmWorld(seed)
  const { agenda, random, judge } = world
  const [company, frozenCompany] = COMPANIES
  const calm = sites.filter(({ application }) => application.sight !== frozenCompany)
  const keys = KEYS.slice(0, KEYS_COUNT).filter((key) => companyOf(key) === company)
  const tookMs: number[] = []
  let [looks, fresh] = [0, 0]

  async function revoke(): Promise<void> {
    const key = random.pick(keys)
    const { server } = random.pick(hosts)
    const startedMs = agenda.nowMs
    const begunAfter = judge.commits
    const change = disabling(key)
    await make(server, change, NO_STALLS)
    judge.answered(change.scope, begunAfter)
    tookMs.push(agenda.nowMs - startedMs)
    for (const { application } of calm) application.verify(key, secretOf(key, 0))
    await make(server, enabling(key), NO_STALLS)
  }

  function look(): void {
    for (const { application } of calm) {
      looks += 1
      if (application.isFresh) fresh += 1
      const key = random.pick(keys)
      application.verify(key, secretOf(key, 0))
    }
    agenda.after(LOOK_EVERY_MS, look)
  }

  function revokeAgain(): void {
    // One at a time: whoever waits for a row of another change waits for no verifier.
    void revoke().then(() => agenda.after(random.between(20, 300), revokeAgain))
  }

  /** It has a lease each time it stands still. */
  function freeze({ machine }: Pick<Site, 'machine'>): void {
    machine.halt(false)
    agenda.after(FROZEN_MS, () => {
      machine.goOn()
      agenda.after(THAWED_MS, () => freeze({ machine }))
    })
  }

  agenda.after(BEGIN_MS, () => {
    for (const site of sites) if (site.application.sight === frozenCompany) freeze(site)
    void startUnheeding(world, hosts[0]!, company)
    look()
    revokeAgain()
  })
  await agenda.run(() => agenda.nowMs > END_MS || judge.violation !== undefined)
  return { freshShare: fresh / looks, tookMs, violation: judge.violation }
}

/** Three servers and the applications on a day on which messages are prompt and disks steady. */
export function aCalmWorld(
  seed: number,
  judgingAgainMs?: (random: World['random']) => number,
): { world: World; hosts: readonly Host[]; sites: readonly Site[] } {
  const random = createRandom(seed)
  const agenda = createAgenda()
  const note = () => {}
  const judge = new Judge(() => agenda.nowMs, undefined)
  const hosts: Host[] = []
  const watching = { agenda, random, judge, hosts, note, onSurvey: () => {}, onAccept: () => {} }
  const store = new ModelStore(
    agenda,
    random,
    createHooks(() => store, watching),
  )
  store.setDisk('steady')
  fillStore(store.contents, KEYS_COUNT)
  judge.accepted(store.contents)
  const world: World = {
    ...{ agenda, random, store, judge, fingerprint: fingerprintOf, isFile: false, note },
    ...(judgingAgainMs === undefined ? {} : { judgingAgainMs: () => judgingAgainMs(random) }),
  }
  hosts.push(...createFleet(world, SERVERS))
  // A balancer that seldom moves costs a wait for the lease from the server it left.
  const sites = createSites(world, hosts, [0, 1])
  for (const { road } of [...hosts, ...sites]) road.lateness = 0
  return { world, hosts, sites }
}
