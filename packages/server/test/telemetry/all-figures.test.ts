/** The sums over the processes that share a port, while they come and go. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { type AllFigures, createAllFigures } from '../../src/telemetry/all-figures.ts'

/** What a process tells that has answered so many requests, and whose loop lagged so long. */
async function told(requests: number, lag = 0, began = 0) {
  const registry = new Registry()
  const registers = [registry]
  new Counter({ name: 'verdicts_total', help: 'h', labelNames: ['code'], registers }).inc(
    { code: 'VALID' },
    requests,
  )
  const times = new Histogram({ name: 'seconds', help: 'h', buckets: [1], registers })
  for (let index = 0; index < requests; index++) times.observe(0.5)
  new Gauge({ name: 'cached_keys', help: 'h', registers }).set(requests)
  const aggregator = 'average'
  new Gauge({ name: 'nodejs_eventloop_lag_p99_seconds', help: 'h', registers, aggregator }).set(lag)
  if (began > 0)
    new Gauge({ name: 'process_start_time_seconds', help: 'h', registers, aggregator: 'omit' }).set(began)
  // As it comes through the channel between processes.
  return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON()))
}

async function valuesOf(all: AllFigures): Promise<Record<string, number>> {
  const lines = (await all.text()).split('\n').filter((line) => /^\w/.test(line))
  return Object.fromEntries(
    lines.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]),
  )
}

test('of an ended process what only grows stays, and what it held does not', async () => {
  const all = createAllFigures()
  all.note(1, await told(3))
  all.note(2, await told(4))
  all.note(1, await told(5))
  const before = {
    'verdicts_total{code="VALID"}': 9,
    'seconds_bucket{le="1"}': 9,
    'seconds_bucket{le="+Inf"}': 9,
    seconds_sum: 4.5,
    seconds_count: 9,
  }
  expect(await valuesOf(all)).toMatchObject({ ...before, cached_keys: 9 })
  all.end(1)
  expect(await valuesOf(all)).toMatchObject({ ...before, cached_keys: 4 })
  all.end(2)
  expect(await valuesOf(all)).toEqual(before)
  all.note(3, await told(1))
  expect(await valuesOf(all)).toMatchObject({ 'verdicts_total{code="VALID"}': 10, cached_keys: 1 })
})

test('one that ends before it told anything changes nothing', async () => {
  const all = createAllFigures()
  all.note(1, await told(3))
  all.end(2)
  expect(await valuesOf(all)).toMatchObject({ seconds_count: 3 })
})

test('processes that end again and again leave no more than one does', async () => {
  const all = createAllFigures()
  for (let index = 0; index < 1_000; index++) {
    all.note(index, await told(1))
    all.end(index)
  }
  expect(await valuesOf(all)).toMatchObject({ seconds_count: 1_000 })
  expect((await all.text()).length).toBeLessThan(500)
})

test('the lag is that of the slowest: one that is stuck shows beside any number that idle', async () => {
  const all = createAllFigures()
  for (let index = 0; index < 9; index++) all.note(index, await told(0, index === 3 ? 2 : 0.001))
  expect(await valuesOf(all)).toMatchObject({ nodejs_eventloop_lag_p99_seconds: 2 })
})

test('they began when the oldest did', async () => {
  const all = createAllFigures()
  all.note(1, await told(1, 0, 1_700_000_100))
  all.note(2, await told(1, 0, 1_700_000_000))
  expect(await valuesOf(all)).toMatchObject({ process_start_time_seconds: 1_700_000_000 })
  all.end(2)
  expect(await valuesOf(all)).toMatchObject({ process_start_time_seconds: 1_700_000_100 })
})
