import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCluster, createDatabase } from '../packages/server/test/postgres-cluster.ts'
import { httpCreates } from './durable-creates.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { fillPeer, type PeerStore, peerKeyAt, startLoop, startPeer } from './peers/better-auth.ts'
import { cycle, requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import { secretAt } from './secrets.ts'
import type { Stores } from './stores.ts'
import { verifyRate } from './verify-loop.ts'

const KEYS = 100_000
/** Few enough that each figure's warm-up is short: better-auth writes with every verification. */
const IN_USE = 2_000
const SETTLED_ANSWERS = 2 * IN_USE

const MARKS = { isBetter: 'higher', floor: 20, goal: 45 } as const

/** Against better-auth with its api-key plugin: the same key and permission over HTTP, in process, and creates. */
export async function v5BetterAuth(extent: Extent, stores: Stores): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-peers-'))
  const cluster = await createCluster()
  try {
    const { url } = await createDatabase(cluster.url)
    extent.progress('filling the stores of better-auth')
    const sqlite = fillPeer(
      { name: 'SQLite', file: join(home, 'peer.db'), isBest: false, inUse: IN_USE },
      KEYS,
    )
    const best = { ...sqlite, setting: { ...sqlite.setting, isBest: true, name: 'memory, deferred writes' } }
    const postgres = fillPeer({ name: 'PostgreSQL', url, isBest: false, inUse: IN_USE }, KEYS)
    return [
      await overHttp(extent, stores, { id: 'V5', peer: sqlite, ...MARKS }),
      await overHttp(extent, stores, { id: 'V5b', peer: postgres, ...MARKS }),
      await overHttp(extent, stores, { id: 'V5c', peer: best, isBetter: 'higher', floor: 8, goal: 20 }),
      await inProcess(extent, stores, 'V6', sqlite),
      await inProcess(extent, stores, 'V6b', best),
      await creates(extent, stores, { id: 'W3', peer: sqlite, callers: 1, floor: 1.5, goal: 2.5 }),
      await creates(extent, stores, { id: 'W3b', peer: sqlite, callers: 32, floor: 4, goal: 8 }),
    ]
  } finally {
    await cluster.dispose()
    rmSync(home, { recursive: true, force: true })
  }
}

type Compared = {
  readonly id: string
  readonly peer: PeerStore
  readonly floor: number
  readonly goal: number
}

async function overHttp(
  extent: Extent,
  stores: Stores,
  { id, peer, ...marks }: Compared & typeof BETTER,
): Promise<Row> {
  const store = await stores.of(KEYS)
  await using latchkey = await startLatchkey(store)
  await using other = await startPeer(peer)
  const load = {
    durationMs: extent.sliceMs,
    next: cycle(
      activeIndexes(IN_USE, IN_USE).map((index) =>
        requestText('POST', '/verify', {
          headers: { 'x-api-key': store.adminKey },
          body: { key: secretAt(index).reveal(), ip: ALLOWED_ADDRESS, permissions: ['app:read'] },
        }),
      ),
    ),
  }
  const otherLoad = {
    durationMs: extent.sliceMs,
    next: cycle(
      Array.from({ length: IN_USE }, (_, index) =>
        requestText('POST', '/verify', { body: { key: peerKeyAt(index), permissions: { app: ['read'] } } }),
      ),
    ),
  }
  await warmUp(latchkey, load, SETTLED_ANSWERS)
  await settled(latchkey)
  await warmUp(other, otherLoad, SETTLED_ANSWERS)
  const measured = await alternate(extent, {
    latchkey: ratePerCpuSecond(latchkey, load),
    betterAuth: ratePerCpuSecond(other, otherLoad),
  })
  return rowOf({
    id,
    what: `POST /verify ÷ better-auth, verifyApiKey over HTTP (${peer.setting.name})`,
    rounds: ratios(measured.latchkey, measured.betterAuth),
    note: rates(measured, 'requests per CPU second'),
    ...marks,
  })
}

const BETTER = { isBetter: 'higher' } as const

async function inProcess(extent: Extent, stores: Stores, id: string, peer: PeerStore): Promise<Row> {
  await using loop = await startLoop(peer, { ms: extent.sliceMs })
  await using own = await verifyRate(stores, { keys: KEYS, inUse: IN_USE })
  const measured = await alternate(extent, { latchkey: own.rate, betterAuth: loop.rate })
  const marks = id === 'V6' ? { floor: 400, goal: 1_500 } : {}
  return rowOf({
    id,
    what: `in-process verify ÷ better-auth, verifyApiKey (${peer.setting.name})`,
    rounds: ratios(measured.latchkey, measured.betterAuth),
    note: rates(measured, 'a CPU second'),
    ...BETTER,
    ...marks,
  })
}

async function creates(
  extent: Extent,
  stores: Stores,
  { id, peer, callers, floor, goal }: Compared & { readonly callers: number },
): Promise<Row> {
  const store = await stores.empty()
  await using latchkey = await startLatchkey(store)
  await using other = await startPeer(peer)
  const measured = await alternate(extent, {
    latchkey: httpCreates(latchkey, store, callers, extent.sliceMs),
    betterAuth: httpCreates(other, store, callers, extent.sliceMs),
  })
  return rowOf({
    id,
    what: `durable create over HTTP ÷ better-auth, createApiKey over HTTP (SQLite), ${callers === 1 ? '1 caller' : `${callers} callers`}`,
    rounds: ratios(measured.latchkey, measured.betterAuth),
    note: rates(measured, 'a second'),
    ...BETTER,
    floor,
    goal,
  })
}
