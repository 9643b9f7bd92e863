import { heal } from '../wire.ts'
import { aCalmWorld } from './calm.ts'

type Returned = {
  /** Who might answer from memory when all servers had been gone for longer than a lease. */
  readonly freshWhileGone: readonly string[]
  /** Who might not when they had been back for two seconds. */
  readonly staleAfter: readonly string[]
}

const GONE_AT_MS = 2_000
/** Beyond a lease, by a clock that is slow. */
const GONE_MS = { min: 2_300, max: 8_000 }
const WELL_AFTER_MS = 2_000

/** All servers go, or nothing reaches them, and then they are back. */
export async function simulateReturn(seed: number, how: 'killed' | 'unreachable'): Promise<Returned> {
  const { world, hosts, sites } = aCalmWorld(seed)
  const { agenda, random } = world
  const goneMs = random.between(GONE_MS.min, GONE_MS.max)
  const isFresh = (wanted: boolean) =>
    sites.filter(({ application }) => application.isFresh === wanted).map(({ name }) => name)
  let freshWhileGone: readonly string[] = []
  let staleAfter: readonly string[] = ['nobody has looked']
  let isOver = false

  agenda.after(GONE_AT_MS, () => {
    if (how === 'killed') for (const { server } of hosts) server.kill()
    else for (const { road } of sites) road.cut = new Set(['out', 'back'])
  })
  agenda.after(GONE_AT_MS + goneMs, () => {
    freshWhileGone = isFresh(true)
    if (how === 'killed') for (const host of hosts) host.restart()
    else for (const { road } of sites) heal(road, agenda, random)
  })
  agenda.after(GONE_AT_MS + goneMs + WELL_AFTER_MS, () => {
    staleAfter = isFresh(false)
    isOver = true
  })
  await agenda.run(() => isOver)
  return { freshWhileGone, staleAfter }
}
