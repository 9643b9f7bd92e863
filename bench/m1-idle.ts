import { setTimeout as sleep } from 'node:timers/promises'
import { residentMiB } from './cpu-time.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, startBare, startLatchkey } from './running.ts'
import type { Stores } from './stores.ts'

/** An idle process has then collected what its start left behind. */
const SETTLE_MS = 3_000

/** What it costs to have the service standing there, and to start it. */
export async function m1Idle(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.empty()
  const startServing = () => startLatchkey(store)
  const memory = await alternate(extent, {
    latchkey: () => idleMiB(extent, startServing),
    fastify: () => idleMiB(extent, () => startBare('fastify')),
  })
  const start = await alternate(extent, {
    latchkey: () => startMs(startServing, '/readyz'),
    bare: () => startMs(() => startBare('constant'), '/'),
  })
  return [
    rowOf({
      id: 'M1',
      what: 'idle resident memory ÷ bare fastify',
      rounds: ratios(memory.latchkey, memory.fastify),
      isBetter: 'lower',
      floor: 2,
      goal: 1.5,
      note: rates(memory, 'MiB'),
    }),
    rowOf({
      id: 'M1b',
      what: 'from start to ready (GET /readyz answers 200) ÷ bare node:http',
      rounds: ratios(start.latchkey, start.bare),
      isBetter: 'lower',
      floor: 8,
      goal: 4,
      note: rates(start, 'ms'),
    }),
  ]
}

export async function idleMiB(extent: Extent, start: () => Promise<Running>): Promise<number> {
  await using server = await start()
  await sleep(extent.isQuick ? SETTLE_MS / 6 : SETTLE_MS)
  return residentMiB(server.pid)
}

export async function startMs(start: () => Promise<Running>, path: string): Promise<number> {
  const startedAtMs = performance.now()
  await using server = await start()
  const { status } = await ask(server.port, requestText('GET', path))
  if (status !== 200) throw new Error(`${path} was answered ${status}`)
  return performance.now() - startedAtMs
}
