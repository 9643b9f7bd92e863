/** Every time that comes in is read by one reader: what it takes means one moment on every store, the rest is 400. */
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { createFakeClock } from '../../fake-clock.ts'
import { expectCreated, type TestAnswer, useTestServer } from '../../harness.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })

const PARAMETERS = [
  ['/audit', 'since'],
  ['/audit', 'until'],
  ['/keys', 'unusedSince'],
  ['/keys', 'expiringBefore'],
] as const

const listed = (path: string, name: string, time: string): Promise<TestAnswer> =>
  server.call({ path: `${path}?${name}=${encodeURIComponent(time)}` })
const expiring = (expiresAt: unknown): Promise<TestAnswer> =>
  server.call({ method: 'POST', path: '/keys', body: { userId: server.admin.userId, expiresAt } })

const NO_TIMES = [
  ['2027-12-31T23:59:60Z', 'leap second'],
  ['2028-12-31T23:59:60+00:00', 'leap second'],
  ['2027-12-31T23:59:60.123Z', 'leap second'],
  ['2027-12-31T24:00:00Z', 'such as 2027-01-31T00:00:00Z'],
  ['2027-02-30T00:00:00Z', 'such as'],
  ['0000-01-01T00:00:00+00:01', 'years 0000 to 9999'],
  ['9999-12-31T23:59:59-00:01', 'years 0000 to 9999'],
  ['+010000-01-01T00:00:00Z', 'such as'],
  ['2027-12-31T23:59:59', 'zone'],
  ['2027-12-31', 'zone'],
  ['2027-12-31T23:59:59+0100', 'such as'],
  ['1830297599000', 'such as'],
  ['tomorrow', 'such as'],
] as const

describe.each(NO_TIMES)('%s is no time', (text, words) => {
  test.each(PARAMETERS)('of %s?%s', async (path, name) => {
    const { errors } = expectProblem(await listed(path, name, text), {
      code: 'invalid_parameter',
      parameter: name,
    })
    expect(errors[0].detail).toContain(words)
  })

  test('of a key’s expiry, on creation and on change', async () => {
    const key = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    const change = { method: 'PATCH', path: `/keys/${key.id}`, body: { expiresAt: text } } as const
    for (const answer of [await expiring(text), await server.call(change)]) {
      const { errors } = expectProblem(answer, { code: 'invalid_field', pointer: '/expiresAt' })
      expect(errors[0].detail).toContain(words)
    }
  })
})

describe('the ends of what can be written', () => {
  test.each([
    '0000-01-01T00:00:00Z',
    '0000-01-01T00:00:00-23:59',
    '9999-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59+23:59',
    '1969-12-31T23:59:59Z',
    '2027-12-31t23:59:59z',
    '2027-12-31T23:59:59.999999999999Z',
  ])('%s is asked for in every list', async (text) => {
    for (const [path, name] of PARAMETERS) expect((await listed(path, name, text)).status).toBe(200)
  })

  test('a list until the end of time is the whole list, and since then it is empty', async () => {
    const whole = (await server.call({ path: '/audit' })).body.total
    expect(whole).toBeGreaterThan(0)
    const end = '9999-12-31T23:59:59.999Z'
    expect((await listed('/audit', 'until', end)).body.total).toBe(whole)
    expect((await listed('/audit', 'since', '0000-01-01T00:00:00Z')).body.total).toBe(whole)
    expect((await listed('/audit', 'since', end)).body.total).toBe(0)
    expect((await listed('/audit', 'until', '0000-01-01T00:00:00Z')).body.total).toBe(0)
  })

  test('the last moment of 9999 is an expiry, and is answered as it is', async () => {
    const answer = await expiring('9999-12-31T23:59:59.999Z')
    expect(answer.body.expiresAt).toBe('9999-12-31T23:59:59.999Z')
    const { status } = await server.call({ path: '/keys', key: answer.body.key })
    expect(status).toBe(200)
  })

  test('a moment is one, in whatever zone it is written', async () => {
    for (const text of [
      '2999-12-31T23:59:59.5Z',
      '3000-01-01T00:59:59.5+01:00',
      '2999-12-31T00:00:59.500-23:59',
    ]) {
      expect((await expiring(text)).body.expiresAt).toBe('2999-12-31T23:59:59.500Z')
    }
  })

  test('an offset whose + was not encoded is told so', async () => {
    const answer = await server.call({ path: '/audit?since=2027-12-31T23:59:59+01:00' })
    const { errors } = expectProblem(answer, { code: 'invalid_parameter', parameter: 'since' })
    expect(errors[0].detail).toContain('%2B')
  })
})
