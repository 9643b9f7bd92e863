import type { KeyId } from '@latchkey/core/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '../../src/storage/engine.ts'
import { createUsage } from '../../src/verification/usage.ts'
import { createTestCompany, startTestServer, type TestCompany, type TestService } from '../harness.ts'

const NOW_MS = Date.UTC(2026, 10, 20)
/** More uses than are held between two flushes. */
const MANY = 60_000

let server: TestService
let company: TestCompany
beforeAll(async () => {
  server = await startTestServer()
  company = await createTestCompany(server)
})
afterAll(() => server.dispose())

type Disk = { readonly engine: Engine; isFull: boolean }

/** The engine of a real store, whose disk can be made to be full. */
function createDisk(): Disk {
  const { engine } = server.services
  const write: Engine['write'] = (work) =>
    disk.isFull ? Promise.reject(new Error('disk full')) : engine.write(work)
  const disk: Disk = { engine: { ...engine, write }, isFull: true }
  return disk
}

const keyOf = (role: 'developer' | 'viewer') => company.users[role].keyId as KeyId

async function lastUsedAt(id: KeyId): Promise<string> {
  const answer = await server.call({ path: `/keys/${id}`, key: company.users.admin.key })
  return answer.body.lastUsedAt
}

test('a use whose write failed is noted again by the next use, not a minute later', async () => {
  const id = keyOf('developer')
  const disk = createDisk()
  const usage = createUsage(disk.engine, () => {})
  usage.note(id, NOW_MS, undefined)
  await expect(usage.flush()).rejects.toThrow('disk full')
  disk.isFull = false
  usage.note(id, NOW_MS + 1_000, undefined)
  await usage.stop()
  expect(await lastUsedAt(id)).toBe(new Date(NOW_MS + 1_000).toISOString())
})

test('a use that found no room is noted again by the next use after a flush', async () => {
  const id = keyOf('viewer')
  const disk = createDisk()
  const usage = createUsage(disk.engine, () => {})
  for (let n = 0; n < MANY; n++) usage.note(`key_${n}`, NOW_MS, undefined)
  usage.note(id, NOW_MS, undefined)
  await expect(usage.flush()).rejects.toThrow('disk full')
  disk.isFull = false
  usage.note(id, NOW_MS + 1_000, undefined)
  await usage.stop()
  expect(await lastUsedAt(id)).toBe(new Date(NOW_MS + 1_000).toISOString())
})
