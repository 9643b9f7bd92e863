/** Where the process gets no thread for the log of the embedded store, the service goes on, and its operator is told. */
import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { useTestServer } from '../harness.ts'

const service = useTestServer()
/** So that the log is long soon. */
const METADATA = Object.fromEntries(Array.from({ length: 8 }, (_, nth) => [`m${nth}`, 'x'.repeat(500)]))
const KEYS_MAX = 2_000
const AT_ONCE = 50

const linesAboutIt = () => service.logged.filter((line) => line.includes('"thread_lost"'))

async function makeKeys(): Promise<void> {
  const body = { userId: service.admin.userId, metadata: METADATA }
  const made = await Promise.all(
    Array.from({ length: AT_ONCE }, () => service.call({ method: 'POST', path: '/keys', body })),
  )
  for (const { status } of made) expect(status).toBe(201)
}

test('a process without a thread for its log serves on, and says so in one line', async () => {
  const end = (worker: Worker) => void worker.terminate()
  process.on('worker', end)
  try {
    for (let made = 0; made < KEYS_MAX && linesAboutIt().length === 0; made += AT_ONCE) await makeKeys()
    await makeKeys()
  } finally {
    process.off('worker', end)
  }
  expect(linesAboutIt()).toHaveLength(1)
  const line = JSON.parse(linesAboutIt()[0]!)
  expect(line).toMatchObject({ level: 'warn', event: 'thread_lost' })
  expect(line.msg ?? line.message).toMatch(/commits do from now on.*Nothing is lost.*restart/)
})
