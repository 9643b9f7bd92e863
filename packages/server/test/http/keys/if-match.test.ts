/** A change can be bound to the version that was read: the version decides, however a proxy has written its tag. */
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { expectCreated, type TestAnswer, useTestServer } from '../../harness.ts'
import { bearer, givePassword, PASSWORD, sessionToken } from '../../tokens/issued-token.ts'

const server = useTestServer()

/** A key at version 3. */
async function keyAtThree(): Promise<string> {
  const { id } = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
  for (const description of ['a', 'b']) {
    const { status } = await server.call({ method: 'PATCH', path: `/keys/${id}`, body: { description } })
    expect(status).toBe(200)
  }
  return id
}

const change = (id: string, tags: string | string[]): Promise<TestAnswer> =>
  server.call({
    method: 'PATCH',
    path: `/keys/${id}`,
    body: { description: 'changed' },
    headers: { 'if-match': tags },
  })
const remove = (id: string, tags: string | string[]): Promise<TestAnswer> =>
  server.call({ method: 'DELETE', path: `/keys/${id}`, headers: { 'if-match': tags } })

const OF_IT: readonly (string | string[])[] = [
  '"3"',
  'W/"3"',
  'w/"3"',
  '"3-gzip"',
  'W/"3-br"',
  '"3--gzip"',
  '"3-zstd"',
  '*',
  ' * ',
  '"1", "3"',
  '"1","2" , W/"3"',
  ',"3",',
  '"a,b", "3"',
  ['"1"', '"3"'],
]
const OF_OTHERS: readonly (string | string[])[] = [
  '"2"',
  'W/"2"',
  '"4-gzip"',
  '"30"',
  '"03x"',
  '"3x"',
  '"-3"',
  '""',
  '"abc"',
  '"1", "2"',
  '"3, 4"',
  `"${'3'.repeat(400)}"`,
  '3',
  "'3'",
  '"3',
  '3"',
  '',
  ',',
  'W/3',
  '*, "2"',
  '** ',
  ['3', '"2"'],
]
describe.each([
  ['a change', change, 200],
  ['a deletion', remove, 204],
])('%s', (_, act, done) => {
  test.each(OF_IT)('with %j is made', async (tags) => {
    expect((await act(await keyAtThree(), tags)).status).toBe(done)
  })

  test.each(OF_OTHERS)('with %j is not, and is told at which version the key is', async (tags) => {
    const id = await keyAtThree()
    const { detail } = expectProblem(await act(id, tags), 'precondition_failed')
    expect(detail).toContain('at version "3", and If-Match names no such tag')
    expect((await server.call({ path: `/keys/${id}` })).body).toMatchObject({
      description: 'b',
      deletedAt: null,
    })
  })
})

test('a tag is answered in a form that can be sent back', async () => {
  const id = await keyAtThree()
  const { etag } = (await server.call({ path: `/keys/${id}` })).headers
  const changed = await change(id, String(etag))
  expect(changed.status).toBe(200)
  expectProblem(await change(id, String(etag)), 'precondition_failed')
  expect((await change(id, String(changed.headers.etag))).status).toBe(200)
})

test('deleting again is done, whatever version is named: what was asked for is so', async () => {
  const id = await keyAtThree()
  expect((await remove(id, '"3"')).status).toBe(204)
  expect((await remove(id, '"3"')).status).toBe(204)
})

describe.each(['user', 'company'] as const)('of a %s', (noun) => {
  const make = async () => {
    const body = noun === 'user' ? { name: 'a', role: 'viewer' } : { name: 'a' }
    const path = noun === 'user' ? '/users' : '/companies'
    const made = await server.call({ method: 'POST', path, body })
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' } })
    return `${path}/${made.body.id}`
  }
  const rename = (path: string, name: string, tags: string) =>
    server.call({ method: 'PATCH', path, body: { name }, headers: { 'if-match': tags } })

  test('what somebody else changed since it was read is not changed again', async () => {
    const path = await make()
    const { etag } = (await server.call({ path })).headers
    expect(await rename(path, 'b', String(etag))).toMatchObject({ status: 200, headers: { etag: '"2"' } })
    for (const tags of [String(etag), '"3"', 'x', '']) {
      const { detail } = expectProblem(await rename(path, 'c', tags), 'precondition_failed')
      expect(detail).toBe(
        `The ${noun} is at version "2", and If-Match names no such tag: read the ${noun} again, then repeat with its ETag.`,
      )
    }
    expect(await server.call({ path })).toMatchObject({ body: { name: 'b' }, headers: { etag: '"2"' } })
    for (const tags of ['W/"2-gzip"', '*']) expect((await rename(path, 'c', tags)).status).toBe(200)
  })

  test('of changes at the same time one is made', async () => {
    const path = await make()
    const answers = await Promise.all(['b', 'c', 'd'].map((name) => rename(path, name, '"1"')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412])
  })

  test('whoever may not see it, or not change it, is told that and no version', async () => {
    const path = await make()
    const [, collection, id = ''] = path.split('/')
    const other = `/${collection}/${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`
    expectProblem(await rename(other, 'b', '"7"'), `${noun}_not_found`)
    const admin = await expectCreated(server, { path: '/users', body: { name: 'admin', role: 'admin' } })
    const { key } = await expectCreated(server, { path: '/keys', body: { userId: admin.id } })
    const owner = `/users/${server.admin.userId}`
    const asked = {
      method: 'PATCH',
      path: owner,
      body: { name: 'b' },
      headers: { 'if-match': '"7"' },
      key,
    } as const
    expectProblem(await server.call(asked), 'permission_escalation')
  })
})

test('a user is deleted as it was read, or not at all', async () => {
  const { id } = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer' } })
  const path = `/users/${id}`
  const removeAt = (tags: string) => server.call({ method: 'DELETE', path, headers: { 'if-match': tags } })
  await server.call({ method: 'PATCH', path, body: { name: 'Ada L.' } })
  expectProblem(await removeAt('"1"'), 'precondition_failed')
  expect((await server.call({ path })).body.name).toBe('Ada L.')
  expect((await removeAt('"2"')).status).toBe(204)
  // Whoever lost the answer asks the same again.
  expect((await removeAt('"2"')).status).toBe(204)
})

test('a user is invited as it was read, or not at all', async () => {
  const body = { name: 'Ada', role: 'viewer', email: 'invited@example.com' }
  const { id } = await expectCreated(server, { path: '/users', body })
  const invite = (tags: string) =>
    server.call({ method: 'POST', path: `/users/${id}/invitation`, headers: { 'if-match': tags } })
  const first = await invite('"1"')
  expect(first).toMatchObject({ status: 201, headers: { etag: '"1"' } })
  await server.call({ method: 'PATCH', path: `/users/${id}`, body: { name: 'Ada L.' } })
  expectProblem(await invite('"1"'), 'precondition_failed')
  const setting = { token: first.body.token, password: PASSWORD }
  // The older invitation was not used up by it.
  const answer = await server.call({ method: 'POST', path: '/auth/password', key: null, body: setting })
  expect(answer.status).toBe(200)
  expect(await invite('"2"')).toMatchObject({ status: 201, headers: { etag: '"2"' } })
})

test('where answers have no tag the condition is refused, and nothing is changed', async () => {
  const email = await givePassword(server, server.admin.userId)
  const headers = bearer(await sessionToken(server, email))
  for (const tags of ['"1"', '*', 'x']) {
    const answer = await server.call({
      method: 'DELETE',
      path: '/auth/token',
      key: null,
      headers: { ...headers, 'if-match': tags },
    })
    const problem = { code: 'invalid_parameter', header: 'If-Match' } as const
    expect(expectProblem(answer, problem).detail).toContain('leave it out')
  }
  expect((await server.call({ path: '/me', key: null, headers })).status).toBe(200)
  // Reading and asking are never conditional on it.
  expect((await server.call({ path: '/keys', headers: { 'if-match': 'x' } })).status).toBe(200)
})

describe('a condition that is not looked at is refused, and nothing is changed', () => {
  const conditions: readonly Readonly<Record<string, string>>[] = [
    { 'if-none-match': '*' },
    { 'if-none-match': '"3"' },
    { 'if-none-match': 'W/"9"', 'if-match': '"3"' },
    { 'if-none-match': '' },
    { 'if-unmodified-since': 'Sat, 28 Nov 2020 05:00:00 GMT' },
    { 'if-unmodified-since': 'yesterday' },
  ]

  test.each(conditions)('of a key: %j', async (headers) => {
    const path = `/keys/${await keyAtThree()}`
    for (const request of [
      { method: 'PATCH', path, body: { description: 'c' }, headers },
      { method: 'DELETE', path, headers },
      { method: 'POST', path: `${path}/rotation`, body: { overlapSeconds: 0 }, headers },
    ] as const) {
      const header = 'if-none-match' in headers ? 'If-None-Match' : 'If-Unmodified-Since'
      const { detail } = expectProblem(await server.call(request), { code: 'invalid_parameter', header })
      expect(detail).toContain('as If-Match')
    }
    expect(await server.call({ path })).toMatchObject({
      body: { description: 'b', deletedAt: null },
      headers: { etag: '"3"' },
    })
  })

  test.each(conditions)('of a user and a company: %j', async (headers) => {
    const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer' } })
    const company = await expectCreated(server, { path: '/companies', body: { name: 'Acme' } })
    for (const path of [`/users/${user.id}`, `/companies/${company.id}`]) {
      const answer = await server.call({ method: 'PATCH', path, body: { name: 'changed' }, headers })
      expect(expectProblem(answer, 'invalid_parameter').detail).toContain('as If-Match')
      expect((await server.call({ path })).body.name).not.toBe('changed')
    }
  })

  test.each(conditions)('but not where nothing that is there is changed: %j', async (headers) => {
    const body = { userId: server.admin.userId }
    expect((await server.call({ method: 'POST', path: '/keys', body, headers })).status).toBe(201)
    expect((await server.call({ path: `/keys/${await keyAtThree()}`, headers })).status).toBe(200)
    expect((await server.call({ path: '/keys', headers })).status).toBe(200)
  })
})
