import { setTimeout as sleep } from 'node:timers/promises'
import { createChanges } from '../packages/server/src/changes/changes.ts'
import { requesterOnHost } from '../packages/server/src/changes/requester.ts'
import { deleteKey } from '../packages/server/src/keys/delete-key.ts'
import { type Extent, median, type Row, rowOf } from './figure.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import type { Running } from './running.ts'
import { makeKey } from './stores.ts'

const SERVERS = 3
const DELETIONS = 60
const PROPAGATIONS = 40
const FREEZES = 3

/** How long a revocation takes to be in force everywhere: healthy, alone, with a frozen server; and how soon others see it. */
export async function rRevocation(extent: Extent): Promise<Row[]> {
  const rows: Row[] = []
  {
    await using fleet = await startFleet(SERVERS, 0, extent)
    rows.push(...(await deletions(fleet, extent, 'R2', `${SERVERS} servers`)))
    rows.push(...(await propagation(fleet, extent)))
    rows.push(await frozen(fleet, extent))
  }
  await using alone = await startFleet(1, 0, extent)
  rows.push(...(await deletions(alone, extent, 'R2b', '1 server')))
  return rows
}

const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
const newKey = ({ services, store }: Fleet) => makeKey(services, store.companyId, store.userId)

async function verdict(server: Running, { store }: Fleet, key: string): Promise<string> {
  const headers = { 'x-api-key': store.adminKey }
  const { body } = await ask(server.port, requestText('POST', '/verify', { headers, body: { key } }))
  return (JSON.parse(body) as { code: string }).code
}

/** DELETE through HTTP, of keys that every server holds in memory; none of them may accept it afterwards. */
async function deleteTimed(fleet: Fleet, by: Running): Promise<number> {
  const { id, secret } = await newKey(fleet)
  const { servers, store } = fleet
  for (const server of servers) await verdict(server, fleet, secret)
  const headers = { 'x-api-key': store.adminKey, 'x-company-id': store.companyId }
  const startedAtMs = performance.now()
  const { status } = await ask(by.port, requestText('DELETE', `/keys/${id}`, { headers }))
  const tookMs = performance.now() - startedAtMs
  if (status !== 204) throw new Error(`the deletion was answered ${status}`)
  for (const server of servers) {
    const code = await verdict(server, fleet, secret)
    if (code === 'VALID') throw new Error('a deleted key was accepted')
  }
  return tookMs
}

async function deletions(fleet: Fleet, extent: Extent, id: string, where: string): Promise<Row[]> {
  const p50: number[] = []
  const p99: number[] = []
  for (let round = 0; round < extent.rounds; round++) {
    const times: number[] = []
    for (let n = 0; n < DELETIONS; n++) {
      extent.progress(`round ${round + 1} of ${extent.rounds}, ${n} deletions, ${where}`)
      times.push(await deleteTimed(fleet, fleet.servers[n % fleet.servers.length]!))
    }
    times.sort((left, right) => left - right)
    p50.push(at(times, 0.5))
    p99.push(at(times, 0.99))
  }
  const marks = id === 'R2' ? { floor: 100, goal: 30 } : {}
  const what = `DELETE until answered, p99 of ${DELETIONS}, PostgreSQL, ${where}`
  const note = `p50 ${median(p50).toPrecision(3)} ms`
  return [rowOf({ id, what, unit: 'ms', rounds: p99, isBetter: 'lower', ...marks, note })]
}

/** From the commit's answer to the first refusal of another server, which is asked without a pause. */
async function propagation(fleet: Fleet, extent: Extent): Promise<Row[]> {
  const { services, store, servers } = fleet
  const { change } = createChanges({ ...services, settle: async () => {} })
  const p99: number[] = []
  const p50: number[] = []
  for (let round = 0; round < extent.rounds; round++) {
    const times: number[] = []
    for (let n = 0; n < PROPAGATIONS; n++) {
      extent.progress(`round ${round + 1} of ${extent.rounds}, ${n} revocations seen`)
      const server = servers[n % servers.length]!
      const { id, secret } = await newKey(fleet)
      await verdict(server, fleet, secret)
      await change(requesterOnHost(store.companyId), store.companyId, (open) => deleteKey(open, id))
      const committedAtMs = performance.now()
      while ((await verdict(server, fleet, secret)) === 'VALID');
      times.push(performance.now() - committedAtMs)
    }
    times.sort((left, right) => left - right)
    p50.push(at(times, 0.5))
    p99.push(at(times, 0.99))
  }
  const what = `commit until refused by another server, p99 of ${PROPAGATIONS}, PostgreSQL, ${SERVERS} servers`
  const note = `p50 ${median(p50).toPrecision(3)} ms`
  return [rowOf({ id: 'R4', what, unit: 'ms', rounds: p99, isBetter: 'lower', floor: 100, goal: 20, note })]
}

/** One server stands still with the key in memory. Continued, its first answer must not be a yes. */
async function frozen(fleet: Fleet, extent: Extent): Promise<Row> {
  const [deleter, still] = fleet.servers as [Running, Running]
  const times: number[] = []
  for (let n = 0; n < FREEZES; n++) {
    extent.progress(`deletion ${n + 1} of ${FREEZES} beside a frozen server`)
    const { id, secret } = await newKey(fleet)
    await verdict(still, fleet, secret)
    process.kill(still.pid, 'SIGSTOP')
    try {
      const headers = { 'x-api-key': fleet.store.adminKey, 'x-company-id': fleet.store.companyId }
      const startedAtMs = performance.now()
      const { status } = await ask(deleter.port, requestText('DELETE', `/keys/${id}`, { headers }))
      times.push(performance.now() - startedAtMs)
      if (status !== 204) throw new Error(`the deletion was answered ${status}`)
    } finally {
      process.kill(still.pid, 'SIGCONT')
    }
    if ((await verdict(still, fleet, secret)) === 'VALID') throw new Error('a deleted key was accepted')
    // Until the server that stood still is one of the fleet again.
    await sleep(1_000)
  }
  const what = `DELETE until answered with one of ${SERVERS} servers frozen (lease 2,000 ms, margin 500 ms, one read)`
  return rowOf({ id: 'R3', what, unit: 'ms', rounds: times, isBetter: 'lower', floor: 2_900, goal: 2_600 })
}
