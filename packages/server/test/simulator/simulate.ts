import { createAgenda } from './agenda.ts'
import { Faults } from './faults.ts'
import { createFleet, type Host } from './fleet.ts'
import { Judge, type Violation } from './judge.ts'
import { companyOf, fillStore, fingerprintOf, secretOf } from './keys.ts'
import { isUsable } from './model-contents.ts'
import { lifeOf } from './model-secrets.ts'
import { ModelStore, type StoreHooks } from './model-store.ts'
import { createRandom } from './random.ts'
import type { Presented, SimulatedKey, SimulatedSecret, World } from './server.ts'
import { createSites, type Site } from './verifiers/applications.ts'
import { SiteFaults, type SiteFaultsOptions } from './verifiers/site-faults.ts'
import { Workload } from './workload.ts'

export type Options = {
  /** Drawn from the seed when not given. */
  readonly servers?: number | undefined
  /** Keys ask for changes, too. Without it a seed tells the story it always told. */
  readonly withActs?: boolean | undefined
  /** Keys are rotated, too. The same holds of it. */
  readonly withRotations?: boolean | undefined
  /** Applications verify by themselves, too. */
  readonly withVerifiers?: boolean | undefined
  /** The store is a file of several processes on one machine, with commands beside them. */
  readonly isFile?: boolean | undefined
  /** The one invariant to look for, by how its name begins; otherwise all. */
  readonly only?: string | undefined
  /** Hears how many revocations were answered. */
  readonly onOver?: ((revocations: number) => void) | undefined
  /** Takes what happened, line by line. */
  readonly onTrace?: ((line: string) => void) | undefined
}

/** Longer than the longest write may take. */
const ANSWER_MS_MAX = 15_000
const KEYS_AT_START = 8
/** Of the runs with applications: those with a few faults that belong together, in place of many by chance. */
const AMBUSHED_SHARE = 0.7
/** Every such seed has the ambush that shows something least often. */
const RARE_AMBUSH_EVERY = 10
const CALM_MS = 600
const FAULTS_MS = 8_000
/** When it is looked whether all is well again, after healing; the last one is too late. A store may have to be accepted first. */
const LOOK_AFTER_MS = [1_500, 2_500, 4_000, 5_000] as const

/** One run: some seconds of work and faults, then healing. Everything follows from the seed. */
export async function simulate(seed: number, options: Options = {}): Promise<Violation | undefined> {
  const random = createRandom(seed)
  const agenda = createAgenda()
  const note = createNote(() => agenda.nowMs, options.onTrace)
  const judge = new Judge(() => agenda.nowMs, options.only)
  const hosts: Host[] = []
  const store = new ModelStore(
    agenda,
    random,
    createHooks(() => store, {
      agenda,
      random,
      judge,
      hosts,
      note,
      onSurvey: (seen) => faults.surveyed(seen),
      onAccept: () => siteFaults?.accepted(),
    }),
  )
  fillStore(store.contents, KEYS_AT_START)
  judge.accepted(store.contents)
  const { isFile = false } = options
  const world: World = { agenda, random, store, judge, fingerprint: fingerprintOf, isFile, note }
  hosts.push(...createFleet(world, options.servers ?? random.pick(isFile ? [1, 2, 3, 4] : [2, 3, 3, 4])))
  const sites = options.withVerifiers === true ? createSites(world, hosts) : []
  const { withActs = false, withRotations = false } = options
  const extent = { keysAtStart: KEYS_AT_START, withActs, withRotations, sites }
  const workload = new Workload(world, hosts, extent)
  const isRareWanted = seed % RARE_AMBUSH_EVERY === 0
  const isAmbushed = sites.length > 0 && (random.chance(AMBUSHED_SHARE) || isRareWanted)
  const faults: Faults = new Faults(world, hosts, (host) => workload.revokeSome(host), isAmbushed)
  const siteFaults: SiteFaults | undefined = createSiteFaults({ world, hosts, sites, workload }, faults, {
    isAmbushed,
    isRareWanted,
  })

  agenda.after(random.between(0, CALM_MS), () => workload.start())
  agenda.after(CALM_MS, () => {
    faults.start()
    siteFaults?.start()
  })
  agenda.after(CALM_MS + FAULTS_MS, () => {
    note(() => 'everything heals')
    faults.healAll()
    siteFaults?.healAll()
    workload.stop()
  })
  let isOver = false
  agenda.after(CALM_MS + FAULTS_MS, () => {
    watchRecovery({ world, hosts, sites, workload }).then(() => {
      isOver = true
    })
  })
  await agenda.run(() => {
    for (const { server } of hosts) server.check()
    return isOver || judge.violation !== undefined
  })
  options.onOver?.(judge.revocations)
  return judge.violation
}

/** undefined: there are no applications. */
function createSiteFaults(
  { world, hosts, sites, workload }: Running,
  faults: Faults,
  ambush: Pick<SiteFaultsOptions, 'isAmbushed' | 'isRareWanted'>,
): SiteFaults | undefined {
  if (sites.length === 0) return undefined
  return new SiteFaults({
    ...{ world, hosts, sites, ...ambush },
    onReturn: (site) => workload.revokeFor(site),
    recall: (site) => workload.recall(site),
    restore: () => faults.restore(),
  })
}

function createNote(nowMs: () => number, onTrace: Options['onTrace']): World['note'] {
  if (onTrace === undefined) return () => {}
  return (line) => onTrace(`${nowMs().toFixed(1).padStart(9)}  ${line()}`)
}

type Watching = Pick<World, 'agenda' | 'random' | 'judge' | 'note'> & {
  readonly hosts: readonly Host[]
  readonly onSurvey: StoreHooks['onSurvey']
  readonly onAccept: StoreHooks['onAccept']
}

export function createHooks(store: () => ModelStore, watching: Watching): StoreHooks {
  const { agenda, random, judge, hosts, note } = watching
  return {
    onCommit(rows, scopes, isNoticed) {
      judge.committed(store().contents, rows, scopes)
      for (const row of rows)
        note(() => `  revision ${row.revision}: ${row.scope} ${row.object_id.slice(-2)}`)
      if (!isNoticed || rows.length === 0) return
      for (const host of hosts) {
        const isLost = host.isDeaf || host.road.cut.has('back') || random.chance(0.05)
        if (!isLost) agenda.quietly(random.between(0.1, 2) * host.road.slowness, () => host.server.wake())
      }
    },
    onAccept() {
      judge.accepted(store().contents)
      watching.onAccept()
    },
    onSurvey: watching.onSurvey,
  }
}

type Running = { world: World; hosts: readonly Host[]; sites: readonly Site[]; workload: Workload }

/** Verification and writes work on every server again, and agree with what is stored. */
async function watchRecovery({ world, hosts, sites, workload }: Running): Promise<void> {
  const { agenda, judge, note } = world
  let wrong: string | undefined
  for (const afterMs of LOOK_AFTER_MS) {
    await new Promise<void>((resolve) => void agenda.after(afterMs, resolve))
    wrong = undefined
    for (const host of hosts) wrong ??= await inTime(agenda, findWrong(world.store, host, workload))
    for (const site of sites)
      wrong ??= await inTime(agenda, findWrongThere(world.store, { site, hosts }, workload))
    note(() => `looked whether all is well: ${wrong ?? 'yes'}`)
    if (wrong === undefined) return
  }
  judge.report('I8 well again after healing', wrong!)
}

/** A server that ends while it is asked never answers: whoever takes its place is looked at next time. */
function inTime(agenda: World['agenda'], found: Promise<string | undefined>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    agenda.after(ANSWER_MS_MAX, () => resolve('a server does not answer'))
    found.then(resolve, reject)
  })
}

/** Of its secrets; not of one whose end may come while it is asked. */
async function findWrongSecret(
  { contents }: ModelStore,
  { name, server, machine }: Host,
  key: SimulatedKey,
  secrets: readonly SimulatedSecret[],
): Promise<string | undefined> {
  for (const secret of secrets) {
    const stored = contents.keys.get(key.id)
    const endsAtMs = stored === undefined ? Number.NEGATIVE_INFINITY : lifeOf(stored, secret.fingerprint)
    const leftMs = endsAtMs - machine.wallMs()
    if (Math.abs(leftMs) < ANSWER_MS_MAX) continue
    const due = leftMs > 0 && isUsable(contents, key.id)
    const code = await server.ask(key, { by: 'secret', secret, ordinal: null })
    if ((code === 'VALID') !== due || code === undefined) {
      return `${name} says ${code ?? 'nothing'} of a secret of ${key.id}, which is ${due ? '' : 'not '}to be accepted`
    }
  }
  return undefined
}

async function findWrongThere(
  { contents }: ModelStore,
  { site: { name, application }, hosts }: { readonly site: Site; readonly hosts: readonly Host[] },
  workload: Workload,
): Promise<string | undefined> {
  for (const key of workload.keys) {
    const isSeen = application.sight === null || application.sight === companyOf(key)
    const isDue = isSeen && isUsable(contents, key.id)
    const stored = contents.keys.get(key.id)
    const secrets = workload.secrets(key)
    for (const secret of secrets.length === 0 ? [secretOf(key, 0)] : secrets) {
      const endsAtMs = stored === undefined ? Number.NEGATIVE_INFINITY : lifeOf(stored, secret.fingerprint)
      // It goes by the clock of whichever server has answered it last.
      const leftMs = hosts.map(({ machine }) => endsAtMs - machine.wallMs())
      if (Math.min(...leftMs) < ANSWER_MS_MAX && Math.max(...leftMs) > -ANSWER_MS_MAX) continue
      const due = isDue && leftMs.every((ms) => ms > 0)
      const code = await application.ask(secret)
      if ((code === 'VALID') !== due || code === undefined)
        return `${name} says ${code ?? 'nothing'} of a secret of ${key.id}, which is ${due ? '' : 'not '}to be accepted`
    }
  }
  return application.isFresh ? undefined : `${name} may not answer from memory`
}

async function findWrong(store: ModelStore, host: Host, workload: Workload): Promise<string | undefined> {
  for (const key of workload.keys) {
    const due = isUsable(store.contents, key.id)
    const byId: Presented = { by: 'id', secret: secretOf(key, 0), ordinal: null }
    const code = await host.server.ask(key, byId)
    if ((code === 'VALID') !== due || code === undefined) {
      return `${host.name} says ${code ?? 'nothing'} of ${key.id}, which is ${due ? '' : 'not '}to be accepted`
    }
    const wrong = await findWrongSecret(store, host, key, workload.secrets(key))
    if (wrong !== undefined) return wrong
  }
  return (await workload.deleteAny(host.server)) ? undefined : `${host.name} cannot delete a key`
}
