/** One company that writes as much as it can, and waits for its own row, keeps nobody else waiting. */
import { beforeAll, expect, test } from 'vitest'
import {
  createTestCompany,
  expectCreated,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'

const FLOOD = 200

const server = useTestServer()
let busy: TestCompany
let quiet: TestCompany

beforeAll(async () => {
  ;[busy, quiet] = [await createTestCompany(server), await createTestCompany(server)]
})

const create = ({ users }: TestCompany) => ({
  method: 'POST' as const,
  path: '/keys',
  key: users.admin.key,
  body: { userId: users.admin.id },
})

/** What became of these, and the order in which they are done. */
function inOrder(asked: Readonly<Record<string, Promise<TestAnswer>>>) {
  const answered: string[] = []
  const all = Object.entries(asked).map(async ([name, answer]) => {
    const { status } = await answer
    if (status < 300) answered.push(name)
    return status
  })
  return { answered, all: Promise.all(all) }
}

test('others, and revocations, do not wait for all that it asked for before', async () => {
  const doomed = await expectCreated(server, create(busy))
  const held = await holdCompanyRow(server, busy.id)
  const asked: Record<string, Promise<TestAnswer>> = {}
  for (let n = 0; n < FLOOD; n++) asked[`busy ${n}`] = server.call(create(busy))
  await held.untilWaiting(2)
  asked.quiet = server.call(create(quiet))
  asked.revocation = server.call({ method: 'DELETE', path: `/keys/${doomed.id}`, key: busy.users.admin.key })
  await held.untilWaiting(2)
  const { answered, all } = inOrder(asked)
  await held.release()
  // On a slow machine some of the flood have waited for too long.
  expect(new Set([201, 204, 503]).isSupersetOf(new Set(await all))).toBe(true)
  // Answered among the first of them: long before what was asked for in front of them is done.
  for (const name of ['quiet', 'revocation']) {
    expect(answered).toContain(name)
    expect(answered.indexOf(name), name).toBeLessThan(FLOOD / 2 + 30)
  }
})
