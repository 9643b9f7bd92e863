import { seal, sealingKey } from '@latchkey/core/sealed-text'
import { expect, test } from 'vitest'
import type { Changes } from '../../src/changes/changes.ts'
import { requesterOnHost } from '../../src/changes/requester.ts'
import { type InFlight, type OnceRequest, runOnce } from '../../src/idempotency/run-once.ts'
import { useTestServer } from '../harness.ts'

const server = useTestServer()

/** Creations on a real store, none of which goes on before the test lets them. */
function aService() {
  let begun = 0
  const gate = Promise.withResolvers<void>()
  const inFlight: InFlight = new Map()
  const { companyId } = server.admin
  const change: Changes['change'] = async (by, id, work) => {
    begun += 1
    await gate.promise
    return server.services.change(by, id, work)
  }
  const request = (word: string): OnceRequest => ({
    requester: requesterOnHost(companyId),
    companyId,
    word,
    scope: ['key_1', '/keys'],
    bodyBytes: new TextEncoder().encode('{}'),
  })
  const idempotencyKey = new Uint8Array(32).fill(7)
  const create = (word: string, answer: string) =>
    runOnce({ change, idempotencyKey, inFlight }, request(word), async () => answer)
  return { inFlight, create, letGo: gate.resolve, begun: () => begun, idempotencyKey }
}

test('whoever waits for the first request for longer than five seconds is told to come back', async () => {
  const { begun, inFlight, create, letGo } = aService()
  const first = create('word', 'one')
  await settled()
  // Nothing but the bound ends this wait: the first is not let go before.
  await expect(create('word', 'two')).rejects.toMatchObject({
    code: 'idempotency_in_progress',
    detail: 'A request with this Idempotency-Key is still being worked on.',
    retryAfterSeconds: 1,
  })
  expect(begun()).toBe(1)
  letGo()
  expect(await first).toEqual({ answer: 'one', isReplayed: false })
  expect(inFlight.size).toBe(0)
  expect(await create('word', 'three')).toEqual({ answer: 'one', isReplayed: true })
})

test('whoever comes with another word waits for nobody', async () => {
  const { begun, create, letGo } = aService()
  const both = [create('a word', 'one'), create('another word', 'two')]
  await settled()
  expect(begun()).toBe(2)
  letGo()
  expect((await Promise.all(both)).map(({ answer }) => answer)).toEqual(['one', 'two'])
})

test('an answer that the release before has kept is replayed', async () => {
  const { create, letGo, idempotencyKey } = aService()
  letGo()
  const { engine, randomBytes } = server.services
  const kept = () =>
    engine.read((db) => db.selectFrom('idempotency').selectAll().execute(), { party: 'test' })
  const nameOf = ({ hash }: { hash: Uint8Array }) => Buffer.from(hash).toString('hex')
  const before = new Set((await kept()).map(nameOf))
  await create('older', 'one')
  const row = (await kept()).find((each) => !before.has(nameOf(each)))!
  await engine.write(async (db) => {
    const sealed = seal(sealingKey(idempotencyKey, 'older'), row.hash, '"two"', randomBytes)
    await db.updateTable('idempotency').set({ sealed }).where('hash', '=', row.hash).execute()
  })
  expect(await create('older', 'three')).toEqual({ answer: 'two', isReplayed: true })
})

/** When all that can go on has. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
