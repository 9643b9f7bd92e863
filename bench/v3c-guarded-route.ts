import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Extent, type Row, rowOf } from './figure.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { startGuardedRoute } from './peers/passport.ts'
import { peerKeyAt } from './peers/peer-settings.ts'
import { cycle, requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import type { Stores } from './stores.ts'

const KEYS = 100_000
const IN_USE = 40_000
const IN_USE_QUICK = 10_000

/** Against what an application of Express does by itself: passport-headerapikey and a table of hashes. */
export async function v3cGuardedRoute(extent: Extent, stores: Stores): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-peers-'))
  try {
    await using route = await startGuardedRoute(join(home, 'keys.db'), KEYS)
    const store = await stores.of(KEYS)
    await using latchkey = await startLatchkey(store)
    const inUse = extent.isQuick ? IN_USE_QUICK : IN_USE
    const load = { durationMs: extent.sliceMs, next: gatewayChecks(inUse) }
    const theirs = Array.from({ length: inUse }, (_, index) =>
      requestText('GET', '/check', { headers: { 'x-api-key': peerKeyAt(index) } }),
    )
    const routeLoad = { durationMs: extent.sliceMs, next: cycle(theirs) }
    await warmUp(latchkey, load, inUse)
    await settled(latchkey, store)
    await warmUp(route, routeLoad, inUse)
    const measured = await alternate(extent, {
      latchkey: ratePerCpuSecond(latchkey, load),
      route: ratePerCpuSecond(route, routeLoad),
    })
    return [
      rowOf({
        id: 'V3c',
        what: `gateway check (key header, allowlist, permission) by ${inUse / 1_000} k of 100 k keys ÷ Express with passport-headerapikey and the 100 k in a table of SQLite`,
        rounds: ratios(measured.latchkey, measured.route),
        isBetter: 'higher',
        note: rates(measured, 'requests per CPU second'),
      }),
    ]
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
