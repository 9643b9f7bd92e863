import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Latchkey } from '@latchkey/client'
import { cpuSecondsOf } from './cpu-time.ts'
import { type Extent, median, type Row, rowOf } from './figure.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import { type Running, startBare } from './running.ts'
import { makeKey } from './stores.ts'

const SERVERS = 3
/** So many that the p99 of them is not the longest. */
const DELETIONS = 200
const DELETIONS_QUICK = 10
const VERIFIERS = [0, 1, 10, 100] as const
/** Of the server that is only followed; as many of one credential as are allowed. */
const IDLE = 1_000
const OF_CREDENTIAL = 100
const TOGETHER = 20
const VERIFIER = new URL('frozen-verifier.ts', import.meta.url)

type Verifier = ReturnType<Latchkey['verifier']>

/** How long deletions take beside verifiers, whether one of these accepts what was deleted, and what idle ones cost. */
export async function r5Verifiers(extent: Extent): Promise<Row[]> {
  await using fleet = await startFleet(SERVERS, 0, extent)
  return [
    ...(await besideVerifiers(fleet, extent)),
    await besideFrozen(fleet, extent),
    ...(await idle(fleet, extent)),
  ]
}

const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!

/** Some at a time: their questions come together otherwise. */
async function connect(
  { servers, store }: Pick<Fleet, 'servers' | 'store'>,
  count: number,
  keys = [store.adminKey],
): Promise<Verifier[]> {
  const verifiers: Verifier[] = []
  while (verifiers.length < count) {
    const together = Array.from({ length: Math.min(TOGETHER, count - verifiers.length) }, (_, nth) => {
      const index = verifiers.length + nth
      const { port } = servers[index % servers.length]!
      const key = keys[Math.floor(index / OF_CREDENTIAL) % keys.length]!
      return new Latchkey({ url: `http://127.0.0.1:${port}`, key }).verifier()
    })
    await Promise.all(together.map((verifier) => verifier.ready()))
    verifiers.push(...together)
  }
  return verifiers
}

async function besideVerifiers(fleet: Fleet, extent: Extent): Promise<Row[]> {
  const rows: Row[] = []
  const accepted: number[] = []
  const deletions = extent.isQuick ? DELETIONS_QUICK : DELETIONS
  for (const count of VERIFIERS) {
    const verifiers = await connect(fleet, count)
    const p50: number[] = []
    const p99: number[] = []
    for (let round = 0; round < extent.rounds; round++) {
      extent.progress(`round ${round + 1} of ${extent.rounds}, ${count} verifiers`)
      const times: number[] = []
      for (let n = 0; n < deletions; n++) times.push(await deleteTimed(fleet, verifiers, n, accepted))
      times.sort((left, right) => left - right)
      p50.push(at(times, 0.5))
      p99.push(at(times, 0.99))
    }
    await Promise.all(verifiers.map((verifier) => verifier.close()))
    const marks = count === 100 ? { floor: 150, goal: 40 } : {}
    const what = `DELETE until answered, p99 of ${deletions}, PostgreSQL, ${SERVERS} servers, ${count} verifiers`
    const note = `p50 ${median(p50).toPrecision(3)} ms`
    rows.push(rowOf({ id: `R6.${count}`, what, unit: 'ms', rounds: p99, isBetter: 'lower', ...marks, note }))
  }
  const what = 'keys that a connected verifier accepted after their deletion was answered'
  const note = `of ${accepted.length} deletions`
  const sum = accepted.reduce((all, one) => all + one, 0)
  return [
    rowOf({ id: 'R5', what, unit: '', rounds: [sum], isBetter: 'lower', floor: 0, goal: 0, note }),
    ...rows,
  ]
}

/** Of a key that some verifiers have in memory: those are asked at once when it is answered. */
async function deleteTimed(
  { servers, services, store }: Fleet,
  verifiers: readonly Verifier[],
  nth: number,
  accepted: number[],
): Promise<number> {
  const { id, secret } = await makeKey(services, store.companyId, store.userId)
  const asked = verifiers.slice(0, 10)
  for (const verifier of asked) await verifier.verify({ key: secret })
  const headers = { 'x-api-key': store.adminKey, 'x-company-id': store.companyId }
  const startedAtMs = performance.now()
  const { status } = await ask(
    servers[nth % SERVERS]!.port,
    requestText('DELETE', `/keys/${id}`, { headers }),
  )
  const tookMs = performance.now() - startedAtMs
  if (status !== 204) throw new Error(`the deletion was answered ${status}`)
  const verdicts = await Promise.all(asked.map(async (verifier) => verifier.verify({ key: secret })))
  accepted.push(verdicts.filter(({ valid }) => valid).length)
  return tookMs
}

/** A verifier in a process of its own stands still when a key is deleted: its lease is waited for, once. */
async function besideFrozen(fleet: Fleet, extent: Extent): Promise<Row> {
  const [followed] = fleet.servers
  const url = `http://127.0.0.1:${followed!.port}`
  const first: number[] = []
  const next: number[] = []
  const accepted: number[] = []
  for (let round = 0; round < extent.rounds; round++) {
    extent.progress(`round ${round + 1} of ${extent.rounds}, a frozen verifier`)
    const settings = { LATCHKEY_URL: url, LATCHKEY_API_KEY: fleet.store.adminKey }
    const verifier = fork(VERIFIER, { env: { ...process.env, ...settings } })
    await once(verifier, 'message')
    verifier.kill('SIGSTOP')
    first.push(await deleteTimed(fleet, [], round, accepted))
    next.push(await deleteTimed(fleet, [], round, accepted))
    verifier.kill('SIGKILL')
    await once(verifier, 'exit')
  }
  const what = `DELETE until answered, PostgreSQL, ${SERVERS} servers, one verifier that stands still`
  const note = `the next one ${median(next).toPrecision(3)} ms`
  return rowOf({
    id: 'R6.frozen',
    what,
    unit: 'ms',
    rounds: first,
    isBetter: 'lower',
    floor: 2_900,
    goal: 2_600,
    note,
  })
}

/** The share of a core that a server takes for verifiers that have nothing to do, and one that only answers them. */
async function idle(fleet: Fleet, extent: Extent): Promise<Row[]> {
  const [followed] = fleet.servers
  const admin = new Latchkey({ url: `http://127.0.0.1:${followed!.port}`, key: fleet.store.adminKey })
  const { userId } = await admin.me()
  const keys: string[] = []
  for (let made = 0; made < IDLE / OF_CREDENTIAL; made++)
    keys.push((await admin.keys.create({ userId: userId! })).key)
  const shares = await sharesBesideIdle(followed!, fleet, keys, extent)
  await using bare = await startBare('polls')
  const bareShares = await sharesBesideIdle(bare, fleet, keys, extent)
  const what = `CPU of a server with ${IDLE.toLocaleString('en')} idle verifiers, of one core`
  const bareWhat = 'the same of bare node:http that reads each question and answers it after the same time'
  return [
    rowOf({ id: 'R7', what, unit: '%', rounds: shares, isBetter: 'lower', floor: 12, goal: 6 }),
    rowOf({ id: 'R7b', what: bareWhat, unit: '%', rounds: bareShares, isBetter: 'lower' }),
  ]
}

/** In percent of a core, one for each round. */
async function sharesBesideIdle(
  server: Running,
  { store }: Pick<Fleet, 'store'>,
  keys: string[],
  extent: Extent,
): Promise<number[]> {
  const verifiers = await connect({ servers: [server], store }, IDLE, keys)
  const shares: number[] = []
  for (let round = 0; round < extent.rounds; round++) {
    extent.progress(`round ${round + 1} of ${extent.rounds}, ${IDLE} idle verifiers`)
    const before = cpuSecondsOf(server.pid)
    const startedAtMs = performance.now()
    await sleep(4 * extent.sliceMs)
    shares.push((100_000 * (cpuSecondsOf(server.pid) - before)) / (performance.now() - startedAtMs))
  }
  await Promise.all(verifiers.map((verifier) => verifier.close()))
  return shares
}
