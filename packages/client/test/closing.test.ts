import { createHook } from 'node:async_hooks'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { Latchkey, type Verifier } from '../src/index.ts'
import { type ModelServer, startModelServer } from './model-server.ts'

const SOURCE = '/packages/client/src/'

let service: ModelServer
const timers = watchTimers()

beforeAll(async () => {
  service = await startModelServer()
})
afterEach(() => {
  service.leaseMs = 2_000
  service.instead.clear()
})
afterAll(() => service.stop())

/** Timers that the client made, and those that may still ring, by where they were made; also such as keep no process alive. */
function watchTimers() {
  const left = new Map<number, string>()
  let made = 0
  const { stackTraceLimit } = Error
  createHook({
    init(id, type) {
      if (type !== 'Timeout') return
      Error.stackTraceLimit = 30
      const frames = new Error().stack?.split('\n') ?? []
      Error.stackTraceLimit = stackTraceLimit
      const frame = frames.find((line) => line.includes(SOURCE))
      if (frame === undefined) return
      made += 1
      left.set(id, frame.slice(frame.indexOf(SOURCE)))
    },
    destroy: (id) => void left.delete(id),
  }).enable()
  return { made: () => made, left: () => [...left.values()] }
}

const open = (): Verifier =>
  new Latchkey({ url: service.url, key: 'lk_live_x', maxRetries: 0, logger: { warn: () => {} } }).verifier()

const CLOSED: readonly (readonly [string, () => Promise<Verifier>])[] = [
  [
    'that follows what changes',
    async () => {
      const verifier = open()
      await verifier.ready()
      return verifier
    },
  ],
  [
    'that has keys in memory and uses to tell of',
    async () => {
      const verifier = open()
      service.records.set('k', {})
      await verifier.ready()
      for (let turn = 0; turn < 3; turn++) await verifier.verify({ key: 'k' })
      return verifier
    },
  ],
  [
    'that has only begun',
    async () => {
      const verifier = open()
      verifier.on('state', () => {})
      return verifier
    },
  ],
  [
    'that somebody waits for',
    async () => {
      service.leaseMs = 0
      const verifier = open()
      const waiting = verifier.ready()
      waiting.catch(() => {})
      await vi.waitFor(() => expect(verifier.counters.polls).toBeGreaterThan(1))
      return verifier
    },
  ],
  [
    'that pauses after a failure',
    async () => {
      service.instead.set('/changes', { status: 500, body: {} })
      const verifier = open()
      await vi.waitFor(() => expect(verifier.state).toBe('cut-off'))
      return verifier
    },
  ],
  [
    'whose key is waited for',
    async () => new Latchkey({ url: service.url, key: () => new Promise(() => {}) }).verifier(),
  ],
  [
    'that is not accepted',
    async () => {
      service.instead.set('/changes', { status: 401, body: { status: 401, code: 'invalid_credentials' } })
      const verifier = open()
      await vi.waitFor(() => expect(verifier.state).toBe('cut-off'))
      return verifier
    },
  ],
]

test.each(CLOSED)(
  'a verifier %s leaves no timer, connection or listener when it is closed',
  async (_name, make) => {
    const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)])
    const before = timers.made()
    const verifier = await make()
    await verifier.close()
    expect(timers.made()).toBeGreaterThan(before)
    const asked = service.asked.length
    // What was closed is gone a few turns later.
    await vi.waitFor(() => expect(timers.left()).toEqual([]))
    await vi.waitFor(() => expect(service.followers()).toBe(0))
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(listeners)
    expect(service.asked.length).toBe(asked)
  },
)

test('whoever waits until a verifier is ready hears that it was closed', async () => {
  service.leaseMs = 0
  const verifier = open()
  const waiting = verifier.ready()
  waiting.catch(() => {})
  await vi.waitFor(() => expect(verifier.counters.polls).toBeGreaterThan(0))
  await verifier.close()
  await expect(waiting).rejects.toMatchObject({ code: 'verifier_closed' })
})
