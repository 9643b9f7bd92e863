import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCluster, createDatabase } from '../packages/server/test/postgres-cluster.ts'
import { httpCreates } from './durable-creates.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { startFleet } from './fleet.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { fillPeer, type PeerStore, startLoop, startPeer } from './peers/better-auth.ts'
import { peerKeyAt } from './peers/peer-settings.ts'
import { cycle, requestText } from './request-text.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'
import { type Running, ratePerCpuSecond, settled, startLatchkey, warmUp } from './running.ts'
import { secretAt } from './secrets.ts'
import type { BenchStore, Stores } from './stores.ts'
import { localVerifyRate } from './v13-local-verifier.ts'
import { verifyRate } from './verify-loop.ts'

const KEYS = 100_000
/** Few enough that each figure's warm-up is short: better-auth writes with every verification. */
const IN_USE = 2_000
const SETTLED_ANSWERS = 2 * IN_USE
const TOGETHER = 32

const BETTER = { isBetter: 'higher' } as const
const MARKS = { ...BETTER, floor: 20, goal: 45 }

/** Against better-auth with its api-key plugin: the same key and permission over HTTP, in process, and creates. */
export async function v5BetterAuth(extent: Extent, stores: Stores): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-peers-'))
  const cluster = await createCluster()
  try {
    const { url } = await createDatabase(cluster.url)
    extent.progress('filling the stores of better-auth')
    const file = join(home, 'peer.db')
    const sqlite = fillPeer({ name: 'SQLite', file, isBest: false, inUse: IN_USE }, KEYS)
    const best = { ...sqlite, setting: { ...sqlite.setting, isBest: true, name: 'memory, deferred writes' } }
    const postgres = fillPeer({ name: 'PostgreSQL', url, isBest: false, inUse: IN_USE }, KEYS)
    return [
      ...(await onSqlite(extent, stores, sqlite, best)),
      ...(await inProcess(extent, stores, sqlite, best)),
      ...(await onPostgres(extent, postgres)),
    ]
  } finally {
    await cluster.dispose()
    rmSync(home, { recursive: true, force: true })
  }
}

async function onSqlite(
  extent: Extent,
  stores: Stores,
  peer: PeerStore,
  best: PeerStore,
): Promise<readonly Row[]> {
  // Its keys are written to by the figures of creates: no other figure may see it.
  const store = await stores.ofOwn(KEYS)
  await using latchkey = await startLatchkey(store)
  const rows: Row[] = []
  {
    await using other = await startPeer(peer)
    const own = { server: latchkey, store }
    rows.push(await overHttp(extent, { id: 'V5', own, other, name: peer.setting.name, ...MARKS }))
    rows.push(...(await creates(extent, { own, other, name: 'SQLite' })))
  }
  await using other = await startPeer(best)
  const own = { server: latchkey, store }
  const marks = { ...BETTER, floor: 8, goal: 20 }
  rows.push(await overHttp(extent, { id: 'V5c', own, other, name: best.setting.name, ...marks }))
  return rows
}

/** Both on PostgreSQL. */
async function onPostgres(extent: Extent, peer: PeerStore): Promise<readonly Row[]> {
  await using fleet = await startFleet(1, KEYS, extent)
  await using other = await startPeer(peer)
  const own = { server: fleet.servers[0]!, store: fleet.store }
  return [
    await overHttp(extent, { id: 'V5b', own, other, name: peer.setting.name, ...MARKS }),
    ...(await creates(extent, { own, other, name: 'PostgreSQL' })),
  ]
}

type Sides = {
  readonly own: { readonly server: Running; readonly store: BenchStore }
  readonly other: Running
  /** Of the peer's setting. */
  readonly name: string
}

type Marks = typeof BETTER & { readonly floor: number; readonly goal: number }

async function overHttp(
  extent: Extent,
  { id, own, other, name, ...marks }: Sides & Marks & { readonly id: string },
): Promise<Row> {
  const load = { durationMs: extent.sliceMs, next: cycle(ownRequests(own.store)) }
  const otherLoad = { durationMs: extent.sliceMs, next: cycle(peerRequests()) }
  await warmUp(own.server, load, SETTLED_ANSWERS)
  await settled(own.server, own.store)
  await warmUp(other, otherLoad, SETTLED_ANSWERS)
  const measured = await alternate(extent, {
    latchkey: ratePerCpuSecond(own.server, load),
    betterAuth: ratePerCpuSecond(other, otherLoad),
  })
  return rowOf({
    id,
    what: `POST /verify ÷ better-auth, verifyApiKey over HTTP (${name})`,
    rounds: ratios(measured.latchkey, measured.betterAuth),
    note: rates(measured, 'requests per CPU second'),
    ...marks,
  })
}

const ownRequests = ({ adminKey }: BenchStore): readonly Buffer[] =>
  activeIndexes(IN_USE, IN_USE).map((index) =>
    requestText('POST', '/verify', {
      headers: { 'x-api-key': adminKey },
      body: { key: secretAt(index).reveal(), ip: ALLOWED_ADDRESS, permissions: ['app:read'] },
    }),
  )

const peerRequests = (): readonly Buffer[] =>
  Array.from({ length: IN_USE }, (_, index) =>
    requestText('POST', '/verify', { body: { key: peerKeyAt(index), permissions: { app: ['read'] } } }),
  )

/** The server's engine and the client's verifier, against better-auth as it comes and at its best. */
async function inProcess(
  extent: Extent,
  stores: Stores,
  peer: PeerStore,
  bestPeer: PeerStore,
): Promise<readonly Row[]> {
  await using loop = await startLoop(peer, { ms: extent.sliceMs })
  await using bestLoop = await startLoop(bestPeer, { ms: extent.sliceMs })
  await using engine = await verifyRate(stores, { keys: KEYS, inUse: IN_USE })
  // On a store of its own: of two processes on one file, one has to look into it before each answer.
  await using client = await localVerifyRate(await stores.ofOwn(KEYS), IN_USE)
  const measured = await alternate(extent, {
    engine: engine.rate,
    client: client.rate,
    betterAuth: loop.rate,
    best: bestLoop.rate,
  })
  const note = rates(measured, 'a CPU second')
  const asItComes = `÷ better-auth, verifyApiKey (${peer.setting.name})`
  const atItsBest = `÷ better-auth, verifyApiKey (${bestPeer.setting.name})`
  const marks = { ...BETTER, note, floor: 400, goal: 1_500 }
  const row = (id: string, what: string, above: readonly number[], below: readonly number[]) => ({
    id,
    what,
    rounds: ratios(above, below),
  })
  const { engine: own, client: local, betterAuth, best } = measured
  return [
    rowOf({ ...row('V6', `in-process verify, the server's engine ${asItComes}`, own, betterAuth), ...marks }),
    rowOf({
      ...row('V6b', `in-process verify, the client's verifier ${asItComes}`, local, betterAuth),
      ...marks,
    }),
    rowOf({
      ...row('V6c', `in-process verify, the server's engine ${atItsBest}`, own, best),
      ...BETTER,
      note,
    }),
  ]
}

/** By the clock, for both wait for the disk. */
async function creates(extent: Extent, { own, other, name }: Sides): Promise<readonly Row[]> {
  const rows: Row[] = []
  const isSqlite = name === 'SQLite'
  for (const { id, callers, ...marks } of [
    { id: isSqlite ? 'W3' : 'W3c', callers: 1, floor: 1.5, goal: 2.5 },
    { id: isSqlite ? 'W3b' : 'W3d', callers: TOGETHER, floor: 4, goal: 8 },
  ]) {
    const targets: Record<'latchkey' | 'betterAuth', Target> = {
      latchkey: httpCreates(own.server, own.store, callers, extent.sliceMs),
      betterAuth: httpCreates(other, own.store, callers, extent.sliceMs),
    }
    await targets.latchkey()
    await targets.betterAuth()
    const measured = await alternate(extent, targets)
    rows.push(
      rowOf({
        id,
        what: `durable create over HTTP (caller judged, counters, audit event) ÷ better-auth, createApiKey over HTTP (as durable; no caller to judge, one row) (${name}), ${callers === 1 ? '1 caller' : `${callers} callers`}`,
        rounds: ratios(measured.latchkey, measured.betterAuth),
        note: rates(measured, 'a second'),
        ...BETTER,
        // The marks are those of the embedded store.
        ...(isSqlite ? marks : {}),
      }),
    )
  }
  return rows
}
