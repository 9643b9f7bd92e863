import { type Extent, median, type Row, rowOf } from './figure.ts'
import { isInactive } from './fill.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { ask } from './load.ts'
import { type LiveMap, startLiveMap } from './peers/haproxy.ts'
import { type StaticMap, startStaticMap } from './peers/nginx.ts'
import { cycle, requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import { secretAt } from './secrets.ts'
import { type BenchStore, makeKey, openStore, type Stores } from './stores.ts'

const KEYS = 100_000
/** Half of what the cache holds: these stay in memory whatever the order. */
const IN_USE = 40_000
const WARM_UP_ANSWERS = 10_000
const REVOCATIONS = 20

/** Against gateways with the same keys in a map: no addresses, no permissions, no store; a change is theirs to make. */
export async function v3StaticMap(extent: Extent, stores: Stores): Promise<Row[]> {
  const known = Array.from({ length: KEYS }, (_, index) => index)
    .filter((index) => !isInactive(index))
    .map((index) => secretAt(index).reveal())
  await using nginx = await startStaticMap(known)
  await using haproxy = await startLiveMap(known)
  return [
    ...(await lookups(extent, await stores.of(KEYS), { known, nginx, haproxy })),
    ...(await revocations(extent, await stores.empty(), { known, nginx, haproxy })),
  ]
}

type Peers = { readonly known: readonly string[]; readonly nginx: StaticMap; readonly haproxy: LiveMap }

async function lookups(extent: Extent, store: BenchStore, { known, nginx, haproxy }: Peers): Promise<Row[]> {
  await using latchkey = await startLatchkey(store)
  const load = { durationMs: extent.sliceMs, next: gatewayChecks(IN_USE) }
  const lookup = { durationMs: extent.sliceMs, next: cycle(known.slice(0, IN_USE).map(byKey)) }
  await warmUp(latchkey, load, IN_USE)
  await settled(latchkey, store)
  await warmUp(nginx, lookup, WARM_UP_ANSWERS)
  await warmUp(haproxy, lookup, WARM_UP_ANSWERS)
  const measured = await alternate(extent, {
    latchkey: ratePerCpuSecond(latchkey, load),
    nginx: ratePerCpuSecond(nginx, lookup),
    haproxy: ratePerCpuSecond(haproxy, lookup),
  })
  const what = 'gateway check (key header, allowlist, permission) by 40 k of 100 k keys'
  const note = rates(measured, 'requests per CPU second')
  return [
    rowOf({
      id: 'V3',
      what: `${what} ÷ nginx with a map of the 100 k, one core`,
      rounds: ratios(measured.latchkey, measured.nginx),
      isBetter: 'higher',
      floor: 0.2,
      goal: 0.35,
      note,
    }),
    rowOf({
      id: 'V3b',
      what: `${what} ÷ HAProxy with a map of the 100 k, one thread`,
      rounds: ratios(measured.latchkey, measured.haproxy),
      isBetter: 'higher',
      note,
    }),
  ]
}

async function revocations(
  extent: Extent,
  own: BenchStore,
  { known, nginx, haproxy }: Peers,
): Promise<Row[]> {
  await using latchkey = await startLatchkey(own)
  const times = await alternate(extent, {
    latchkey: () => revokedMs(own, latchkey),
    nginx: () => reloadedMs(nginx, known),
    haproxy: () => removedMs(haproxy, known),
  })
  const note = rates(times, 'ms')
  const against = '÷ DELETE until the key is refused, same server'
  return [
    rowOf({
      id: 'V4',
      what: `nginx: map of 100 k keys written and reloaded until a key is refused ${against}`,
      rounds: ratios(times.nginx, times.latchkey),
      isBetter: 'higher',
      floor: 20,
      goal: 100,
      note,
    }),
    rowOf({
      id: 'V4b',
      what: `HAProxy: key taken out of the map in memory, which a restart brings back, until it is refused ${against}`,
      rounds: ratios(times.haproxy, times.latchkey),
      isBetter: 'higher',
      note,
    }),
  ]
}

const byKey = (key: string): Buffer => requestText('GET', '/', { headers: { 'x-api-key': key } })

/** From before the DELETE to the first refusal: the median of some, for one takes less than a millisecond. */
async function revokedMs(store: BenchStore, server: Running): Promise<number> {
  const services = await openStore(store)
  const times: number[] = []
  try {
    for (let made = 0; made < REVOCATIONS; made++) {
      const { id, secret } = await makeKey(services, store.companyId, store.userId)
      const check = requestText('GET', '/gateway/check', { headers: { 'x-api-key': secret } })
      if ((await ask(server.port, check)).status !== 200) throw new Error('a new key was refused')
      const headers = { 'x-api-key': store.adminKey, 'x-company-id': store.companyId }
      const startedAtMs = performance.now()
      await ask(server.port, requestText('DELETE', `/keys/${id}`, { headers }))
      if ((await ask(server.port, check)).status !== 401) throw new Error('a deleted key was accepted')
      times.push(performance.now() - startedAtMs)
    }
  } finally {
    await services.dispose()
  }
  return median(times)
}

/** From before the map is written to the first refusal; then the key is put back. */
async function reloadedMs(nginx: StaticMap, known: readonly string[]): Promise<number> {
  const [first = '', ...others] = known
  const until = async (status: number) => {
    while ((await ask(nginx.port, byKey(first))).status !== status);
  }
  const startedAtMs = performance.now()
  nginx.reload(others)
  await until(401)
  const tookMs = performance.now() - startedAtMs
  nginx.reload(known)
  await until(200)
  return tookMs
}

/** From before the command to the first refusal, the median of some; each key is put back. */
async function removedMs(haproxy: LiveMap, known: readonly string[]): Promise<number> {
  const times: number[] = []
  for (const key of known.slice(0, REVOCATIONS)) {
    if ((await ask(haproxy.port, byKey(key))).status !== 200) throw new Error('a key of the map was refused')
    const startedAtMs = performance.now()
    await haproxy.tell(`del map ${haproxy.file} ${key}`)
    if ((await ask(haproxy.port, byKey(key))).status !== 401) throw new Error('a removed key was accepted')
    times.push(performance.now() - startedAtMs)
    await haproxy.tell(`add map ${haproxy.file} ${key} 1`)
  }
  return median(times)
}
