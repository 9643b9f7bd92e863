/** GET /console/store-findings: what the doctor finds in the store, beside a service that runs. */
import { readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createStoreDoctor } from '../../src/diagnose/store-doctor.ts'
import { storeFileOf } from '../../src/open-store.ts'
import { createFakeClock } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type Parsed, useTestServer } from '../harness.ts'

const CONSOLE = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
const clock = createFakeClock()
const server = useTestServer({}, { clock })
/** Longer than a look is kept. */
const MINUTE_MS = 60_000

const look = async (key?: string): Promise<Parsed> => {
  const request = { path: '/console/store-findings', headers: CONSOLE }
  return (await server.call(key === undefined ? request : { ...request, key })).body
}
const levels = ({ findings }: Parsed): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }: Parsed) => [check, level]))
const isEmbedded = () => server.databaseUrl === undefined

test('the operator is told what the doctor looks at', async () => {
  const found = levels(await look())
  const own = isEmbedded() ? ['integrity', 'counters'] : ['servers', 'connections']
  for (const check of ['clock', 'database', 'schema', 'objects', 'usage', ...own])
    expect(found[check], check).toBe('ok')
})

test('nobody else is told', async () => {
  const { users } = await createTestCompany(server)
  for (const { key } of Object.values(users)) expect((await look(key)).code).toBe('missing_permission')
})

test('who was revoked while it was looked is not told', async () => {
  clock.move(MINUTE_MS)
  const body = { userId: server.admin.userId }
  const { id, key } = await expectCreated(server, { path: '/keys', body })
  let isDeleted = false
  const codes: (string | undefined)[] = []
  const looks = Array.from({ length: 5 }, async () => {
    const { code } = await look(key)
    if (isDeleted) codes.push(code)
  })
  expect((await server.call({ method: 'DELETE', path: `/keys/${id}` })).status).toBe(204)
  isDeleted = true
  await Promise.all(looks)
  expect(codes).toEqual(codes.map(() => 'key_inactive'))
})

test('one look is shared by all who ask while it lasts, and for a moment after it', async () => {
  clock.move(MINUTE_MS)
  const first = look()
  const second = look()
  expect((await first).at).toBe((await second).at)
  clock.move(1_000)
  expect((await look()).at).toBe((await first).at)
  clock.move(MINUTE_MS)
  expect((await look()).at).not.toBe((await first).at)
})

test('what is in the store and not of this release is found', async () => {
  await server.tamper('CREATE TABLE stranger (name TEXT)')
  clock.move(MINUTE_MS)
  const found = await look()
  expect(levels(found).objects).toBe('warning')
  expect(JSON.stringify(found)).toContain('stranger')
  await server.tamper('DROP TABLE stranger')
})

test('an event of tomorrow is a problem of the clock', async () => {
  await server.tamper('UPDATE audit_events SET at = at + 86400000')
  clock.move(MINUTE_MS)
  expect(levels(await look()).clock).toBe('problem')
  await server.tamper('UPDATE audit_events SET at = at - 86400000')
  clock.move(MINUTE_MS)
  expect(levels(await look()).clock).toBe('ok')
})

test('keys that were made under another prefix are counted', async () => {
  const body = { userId: server.admin.userId, mode: 'test' }
  const { id } = await expectCreated(server, { path: '/keys', body })
  await server.tamper("UPDATE keys SET prefix = 'old\u001b_test_abcd' WHERE mode = 'test'")
  clock.move(MINUTE_MS)
  const { findings } = await look()
  expect(findings.find(({ check }: Parsed) => check === 'key-prefix')).toMatchObject({
    level: 'warning',
    detail: expect.stringMatching(/^1 active key begins with old\?_test_, and LATCHKEY_KEY_PREFIX is lk/),
  })
  await server.call({ method: 'DELETE', path: `/keys/${id}` })
  clock.move(MINUTE_MS)
  expect(levels(await look())['key-prefix']).toBeUndefined()
})

test('a look that takes too long is ended, and says so', async () => {
  const { findings } = await createStoreDoctor(server.services, { lookMsMax: 0 })()
  expect(findings.at(-1)).toMatchObject({ check: 'store', level: 'warning' })
})

test('a large store is not read through', async () => {
  const { findings } = await createStoreDoctor(server.services, { readBytesMax: 1 })()
  const integrity = findings.find(({ check }) => check === 'integrity')
  expect(integrity?.detail).toEqual(isEmbedded() ? expect.stringContaining('too large') : undefined)
})

test.runIf(process.platform === 'linux')('the service keeps its locks on the file', async () => {
  if (!isEmbedded()) return
  const before = locksOn(storeFileOf(server.dataDir))
  expect(before.length).toBeGreaterThan(0)
  clock.move(MINUTE_MS)
  await look()
  expect(locksOn(storeFileOf(server.dataDir))).toEqual(before)
})

/** Of this process, by kind and range (proc(5)). */
function locksOn(file: string): string[] {
  const { ino } = statSync(file)
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`:${ino} `) && line.includes(` ${process.pid} `))
    .map((line) => line.replace(/^\d+: /, ''))
    .sort()
}
