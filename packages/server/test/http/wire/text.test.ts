/** Text that no store can keep is 400 wherever it comes in, by the name of its place, and the same on every store. */
import { describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../../answer-checks.ts'
import { expectCreated, useTestServer } from '../../harness.ts'

const server = useTestServer()

const PARAMETERS = [
  ['/keys', 'search'],
  ['/keys', 'userId'],
  ['/keys', 'status'],
  ['/keys', 'limit'],
  ['/keys', 'restricted'],
  ['/keys', 'unusedSince'],
  ['/users', 'externalId'],
  ['/companies', 'externalId'],
  ['/audit', 'actorId'],
  ['/audit', 'action'],
  ['/audit', 'objectId'],
  ['/audit', 'since'],
] as const

describe.each(PARAMETERS)('of %s?%s', (path, name) => {
  test.each([
    ['U+0000', '%00', 'U+0000'],
    ['U+0000 among others', 'a%00b', 'U+0000'],
    ['a byte that is no UTF-8', '%ff', 'UTF-8'],
    ['a character cut off', '%e2%82', 'UTF-8'],
    ['half of a surrogate pair', '%ed%a0%80', 'UTF-8'],
    ['an overlong slash', '%c0%af', 'UTF-8'],
  ])('%s is refused by name', async (_, value, words) => {
    const answer = await server.call({ path: `${path}?${name}=${value}` })
    const { errors } = expectProblem(answer, { code: 'invalid_parameter', parameter: name })
    expect(errors[0].detail).toContain(words)
  })
})

test('a name that is no UTF-8, or holds U+0000, is no parameter', async () => {
  expectProblem(await server.call({ path: '/keys?%ff=1' }), 'invalid_parameter')
  expectProblem(await server.call({ path: '/keys?sta%00tus=all' }), {
    code: 'unknown_parameter',
    suggestion: 'status',
  })
})

test('a long name is not repeated whole', async () => {
  const answer = await server.call({ path: `/keys?${'x'.repeat(8_000)}=1` })
  expectProblem(answer, 'unknown_parameter')
  expect(answer.text.length).toBeLessThan(1_000)
})

test('an escape that is none stands for itself, and + is a space', async () => {
  const descriptions = ['100% of it', '%zz', 'a b', 'a+b', 'ü€🔑']
  for (const description of descriptions) {
    await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, description } })
  }
  const found = async (search: string) => {
    const { body } = await server.call({ path: `/keys?search=${search}` })
    return body.data.map((key: { description: string }) => key.description)
  }
  expect(await found('100%')).toEqual(['100% of it'])
  expect(await found('%zz')).toEqual(['%zz'])
  expect(await found('a+b')).toEqual(['a b'])
  expect(await found('a%2Bb')).toEqual(['a+b'])
  expect(await found('%c3%bc%e2%82%ac%f0%9f%94%91')).toEqual(['ü€🔑'])
})

test.each(['startingAfter', 'endingBefore'])('%s that holds any of it is an unknown cursor', async (name) => {
  const unknown = comparable(await server.call({ path: `/keys?${name}=x` }))
  for (const value of ['%00', 'key_%00', '%ff', '%ed%a0%80']) {
    expect(comparable(await server.call({ path: `/keys?${name}=${value}` }))).toEqual(unknown)
  }
})

test('an id that holds any of it is like every other that is not found', async () => {
  const unknown = comparable(await server.call({ path: '/keys/key_00000000000000000000000000' }))
  for (const id of ['%00', 'key_%00', '%ff', '%ed%a0%80', 'key_0000000000000000000000000%30']) {
    expect(comparable(await server.call({ path: `/keys/${id}` }))).toEqual(unknown)
  }
  expectProblem(await server.call({ path: '/users/%00' }), 'user_not_found')
  expectProblem(await server.call({ path: '/companies/%00' }), 'company_not_found')
  expectProblem(await server.call({ path: '/errors/%00' }), 'route_not_found')
})

describe('in a body', () => {
  const send = (text: string, path = '/keys') => server.call({ method: 'POST', path, text })

  test.each([
    ['/keys', '{"userId":"a\\u0000b"}', '/userId'],
    ['/keys', '{"userId":"x","description":"\\u0000"}', '/description'],
    ['/keys', '{"userId":"x","description":"a\\ud800b"}', '/description'],
    ['/keys', '{"userId":"x","metadata":{"plan":"\\u0000"}}', '/metadata/plan'],
    ['/keys', '{"userId":"x","metadata":{"a/b~c\\u0000":"v"}}', '/metadata/a~1b~0c\u0000'],
    ['/keys', '{"userId":"x","whitelistedIPs":["192.0.2.1","\\u0000"]}', '/whitelistedIPs/1'],
    ['/keys', '{"userId":"x","permissions":["orders:read","\\udc00"]}', '/permissions/1'],
    ['/users', '{"name":"\\u0000","role":"viewer"}', '/name'],
    ['/companies', '{"name":"x","externalId":"\\u0000"}', '/externalId'],
    ['/verify', '{"key":"\\u0000"}', '/key'],
    ['/verify/batch', '{"keys":[{"key":"x"},{"key":"x","ip":"\\u0000"}]}', '/keys/1/ip'],
    ['/auth/token/short-lived', '{"permissions":["\\u0000"]}', '/permissions/0'],
    ['/auth/token', '{"username":"a","password":"\\u0000"}', '/password'],
  ])('of %s: %s is refused by its place', async (path, text, pointer) => {
    const { errors, detail } = expectProblem(await send(text, path), { code: 'invalid_body', pointer })
    expect(errors[0].detail).toMatch(/^holds /)
    expect(detail).toContain(pointer)
  })

  test('what no place can be told for is refused all the same', async () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000)
    expectProblem(await send('{"a":"\\u0000","a":"b"}'), 'invalid_body')
    expectProblem(await send(`{"a":"\\u0000","a":${deep}}`), 'invalid_body')
  })
})
