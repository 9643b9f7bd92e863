/** What is asked about a key is judged as it was meant, or refused: nothing malformed is a verdict. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createTestCompany, startTestServer, type TestCompany, useTestServer } from '../harness.ts'

let company: TestCompany

const server = useTestServer()
beforeAll(async () => {
  company = await createTestCompany(server)
})

type Element = { readonly ip?: string; readonly permissions?: readonly string[] }

const ADDRESS = "must be one IPv4 or IPv6 address, the end caller's: no block, port, zone, name or list."
const GRAMMAR = 'must be area:action, area:* or *, in lower case, such as orders:read.'
const PATTERN = 'must be one permission, not a pattern.'

const MALFORMED: readonly (readonly [element: Element, pointer: string, code: string, detail: string])[] = [
  [{ ip: '' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: '192.0.2.0/24' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: '192.0.2.7:443' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: '192.0.2.07' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: ' 192.0.2.7' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: '[2001:db8::1]' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: 'fe80::1%eth0' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: 'localhost' }, '/ip', 'invalid_ip', ADDRESS],
  [{ ip: '192.0.2.7, 198.51.100.7' }, '/ip', 'invalid_ip', ADDRESS],
  [{ permissions: ['orders'] }, '/permissions/0', 'invalid_field', GRAMMAR],
  [{ permissions: ['Orders:read'] }, '/permissions/0', 'invalid_field', GRAMMAR],
  [{ permissions: ['orders:read', 'orders:read:all'] }, '/permissions/1', 'invalid_field', GRAMMAR],
  [
    { permissions: ['keys:reed'] },
    '/permissions/0',
    'invalid_field',
    'is not an action of the reserved area keys: did you mean keys:read?',
  ],
  [{ permissions: ['*'] }, '/permissions/0', 'invalid_field', PATTERN],
  [{ permissions: ['orders:*'] }, '/permissions/0', 'invalid_field', PATTERN],
  [{ permissions: ['orders:read', 'keys:*'] }, '/permissions/1', 'invalid_field', PATTERN],
]

const SOUND: readonly (readonly [element: Element, verdict: string])[] = [
  [{}, 'VALID'],
  [{ ip: '192.0.2.7' }, 'VALID'],
  [{ ip: '2001:DB8::1' }, 'VALID'],
  [{ permissions: [] }, 'VALID'],
  [{ permissions: ['orders:read', 'keys:list'] }, 'VALID'],
  [{ permissions: ['keys:delete', 'audit:read'] }, 'INSUFFICIENT_PERMISSIONS'],
]

const developerKey = () => company.users.developer.key
const post = (path: string, body: unknown) =>
  server.call({ method: 'POST', path, key: company.users.admin.key, body })

describe('POST /verify', () => {
  test.each(MALFORMED)('refuses %j at %s', async (element, pointer, code, detail) => {
    for (const key of [developerKey(), 'nonsense']) {
      const answer = await post('/verify', { key, ...element })
      const { errors } = expectProblem(answer, { code: code as 'invalid_field', pointer })
      expect(errors).toEqual([{ pointer, code, detail }])
    }
  })

  test.each(SOUND)('judges %j: %s', async (element, verdict) => {
    const { status, body } = await post('/verify', { key: developerKey(), ...element })
    expect({ status, code: body.code }).toEqual({ status: 200, code: verdict })
  })

  test('tells every fault at once', async () => {
    const answer = await post('/verify', { key: 'nonsense', ip: 'x', permissions: ['*', 'orders:read', 'x'] })
    expect(answer.status).toBe(400)
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/ip',
      '/permissions/0',
      '/permissions/2',
    ])
  })
})

describe('POST /verify/batch', () => {
  test.each(MALFORMED)(
    'refuses all of it for one element that is %j, at %s',
    async (element, pointer, code, detail) => {
      const keys = [{ key: developerKey() }, { key: developerKey(), ...element }]
      const answer = await post('/verify/batch', { keys })
      const place = `/keys/1${pointer}`
      const { errors } = expectProblem(answer, { code: code as 'invalid_field', pointer: place })
      expect(errors).toEqual([{ pointer: place, code, detail }])
    },
  )

  test('judges each element by itself, in their order', async () => {
    const keys = SOUND.map(([element]) => ({ key: developerKey(), ...element }))
    const { status, body } = await post('/verify/batch', { keys: [...keys, { key: 'nonsense' }] })
    expect(status).toBe(200)
    expect(body.results.map(({ code }: { code: string }) => code)).toEqual([
      ...SOUND.map(([, verdict]) => verdict),
      'NOT_FOUND',
    ])
  })
})

describe('a store that does not answer is never a verdict', () => {
  test.each([
    ['/verify', (key: string) => ({ key })],
    ['/verify/batch', (key: string) => ({ keys: [{ key }] })],
  ])('%s answers 503 cannot_verify, not NOT_FOUND', async (path, bodyOf) => {
    const broken = await startTestServer()
    try {
      const [known, unseen] = [broken.adminKey, (await createTestCompany(broken)).users.viewer.key]
      expect((await broken.call({ path: '/me' })).status).toBe(200)
      // As somebody with access to the database could, or a migration of another program.
      await broken.tamper('ALTER TABLE keys RENAME TO keys_elsewhere')
      const answer = await broken.call({ method: 'POST', path, key: known, body: bodyOf(unseen) })
      expectProblem(answer, 'cannot_verify')
      expect(Number(answer.headers['retry-after'])).toBe(1)
    } finally {
      await broken.dispose()
    }
  })
})
