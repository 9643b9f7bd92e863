/**
 * One engine judges everywhere: whoever asks about a key, in whatever way, hears the same, and of several
 * reasons the same one.
 */
import { randomBytes } from 'node:crypto'
import type { KeyId } from '@latchkey/core/ids'
import { generateSecret } from '@latchkey/core/secret'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { expectCreated, type Parsed, type TestAnswer, useTestServer } from '../harness.ts'

const GATEWAY = '192.0.2.10'
const INSIDE = '198.51.100.7'
const OUTSIDE = '198.51.100.8'
const NEEDED = 'users:update'

/** Everything that can be wrong with a use, in the order in which it is looked at. */
const WRONGS = [
  'unknown',
  'bad checksum',
  'deleted',
  'disabled',
  'expired',
  'user inactive',
  'company inactive',
  'wrong address',
  'unknown address',
  'missing permission',
] as const
type Wrong = (typeof WRONGS)[number]

type Verdict = {
  /** What POST /verify answers. */
  readonly code: string
  /** What everything else answers, as a status and a problem's code. */
  readonly status: number
  readonly error: string
}

const VERDICTS: Readonly<Record<Wrong | 'nothing', Verdict>> = {
  unknown: { code: 'NOT_FOUND', status: 401, error: 'invalid_credentials' },
  'bad checksum': { code: 'NOT_FOUND', status: 401, error: 'invalid_credentials' },
  deleted: { code: 'INACTIVE', status: 401, error: 'key_inactive' },
  disabled: { code: 'INACTIVE', status: 401, error: 'key_inactive' },
  expired: { code: 'EXPIRED', status: 401, error: 'key_expired' },
  'user inactive': { code: 'USER_INACTIVE', status: 401, error: 'user_inactive' },
  'company inactive': { code: 'COMPANY_INACTIVE', status: 401, error: 'company_inactive' },
  'wrong address': { code: 'IP_NOT_ALLOWED', status: 403, error: 'ip_not_allowed' },
  'unknown address': { code: 'IP_REQUIRED', status: 403, error: 'client_ip_unknown' },
  'missing permission': { code: 'INSUFFICIENT_PERMISSIONS', status: 403, error: 'missing_permission' },
  nothing: { code: 'VALID', status: 200, error: '-' },
}

/** Each alone, and every two that can be wrong at once: the earlier one is what is told. */
const SITUATIONS: readonly (readonly Wrong[])[] = [
  [],
  ...WRONGS.map((wrong) => [wrong]),
  ...WRONGS.flatMap((first, index) =>
    WRONGS.slice(index + 1)
      .filter((second) => !(first === 'wrong address' && second === 'unknown address'))
      .map((second) => [first, second]),
  ),
  WRONGS.filter((wrong) => wrong !== 'unknown' && wrong !== 'bad checksum' && wrong !== 'unknown address'),
]

/** A key in a situation, and how it is used. */
type Use = {
  readonly id: string
  readonly secret: string
  /** As a gateway writes it, or undefined where /verify is told none. */
  readonly address: string | undefined
}

const clock = createFakeClock()
const server = useTestServer(
  { LATCHKEY_TRUSTED_PROXIES: `${GATEWAY}/32`, LATCHKEY_FAILED_AUTH_PER_MINUTE: '10000' },
  { clock },
)
const uses = new Map<string, Use>()

beforeAll(async () => {
  for (const wrongs of SITUATIONS) uses.set(nameOf(wrongs), await createUse(wrongs))
  clock.move(2 * HOUR_MS)
})

const nameOf = (wrongs: readonly Wrong[]) => wrongs.join(' and ') || 'nothing'

/** Makes a company of its own for each situation, so that each thing that is wrong is wrong for one key. */
async function createUse(wrongs: readonly Wrong[]): Promise<Use> {
  const is = (wrong: Wrong) => wrongs.includes(wrong)
  const company = await expectCreated(server, { path: '/companies', body: { name: nameOf(wrongs) } })
  const headers = { 'x-company-id': company.id }
  const role = is('missing permission') ? 'viewer' : 'owner'
  const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role }, headers })
  const expiresAt = new Date(clock.nowMs() + HOUR_MS).toISOString()
  const body = {
    userId: user.id,
    whitelistedIPs: [INSIDE],
    ...(is('expired') ? { expiresAt } : {}),
  }
  const key = await expectCreated(server, { path: '/keys', body, headers })
  const path = `/keys/${key.id}`
  const change = (request: { path: string; body: object }) =>
    server.call({ method: 'PATCH', headers, ...request })
  const answers: TestAnswer[] = []
  if (is('disabled')) answers.push(await change({ path, body: { enabled: false } }))
  if (is('deleted')) answers.push(await server.call({ method: 'DELETE', path, headers }))
  if (is('user inactive'))
    answers.push(await change({ path: `/users/${user.id}`, body: { status: 'inactive' } }))
  if (is('company inactive')) {
    answers.push(
      await server.call({
        method: 'PATCH',
        path: `/companies/${company.id}`,
        body: { status: 'inactive' },
      }),
    )
  }
  for (const { status, text } of answers) expect([200, 204], text).toContain(status)
  return { id: key.id, secret: spoil(key.key, wrongs), address: addressOf(wrongs) }
}

function spoil(secret: string, wrongs: readonly Wrong[]): string {
  const last = secret.endsWith('0') ? '1' : '0'
  if (wrongs.includes('bad checksum')) return `${secret.slice(0, -1)}${last}`
  // Whole in its form, so that it is looked up: a secret of another deployment.
  const another = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
  return wrongs.includes('unknown') ? another.reveal() : secret
}

function addressOf(wrongs: readonly Wrong[]): string | undefined {
  if (wrongs.includes('unknown address')) return undefined
  return wrongs.includes('wrong address') ? OUTSIDE : INSIDE
}

const verifyBody = ({ secret, address }: Use) => ({
  key: secret,
  permissions: [NEEDED],
  ...(address === undefined ? {} : { ip: address }),
})
/** A proxy writes what it saw; what is no address is an unknown one. */
const through = ({ secret, address = 'unknown' }: Use) => ({
  key: secret,
  from: GATEWAY,
  headers: { 'x-forwarded-for': address },
})

const toldByVerify = ({ code, valid, keyId }: Parsed) => ({ code, valid, keyId })
const toldToGateway = ({ status, headers }: TestAnswer) => ({
  status,
  error: headers['x-auth-error'],
  keyId: headers['x-auth-key-id'],
})

describe.each(SITUATIONS.map((wrongs) => [nameOf(wrongs), wrongs] as const))('wrong: %s', (name, wrongs) => {
  const expected = VERDICTS[wrongs[0] ?? 'nothing']
  const isValid = expected.code === 'VALID'
  const verdict = () => ({
    code: expected.code,
    valid: isValid,
    keyId: expected.code === 'NOT_FOUND' ? null : uses.get(name)!.id,
  })
  const answer = () => ({
    status: expected.status,
    error: expected.error,
    keyId: isValid ? uses.get(name)!.id : '-',
  })

  test('POST /verify', async () => {
    const { body } = await server.call({ method: 'POST', path: '/verify', body: verifyBody(uses.get(name)!) })
    expect(toldByVerify(body)).toEqual(verdict())
  })

  test('POST /verify/batch', async () => {
    const body = { keys: [verifyBody(uses.get('nothing')!), verifyBody(uses.get(name)!)] }
    const { results } = (await server.call({ method: 'POST', path: '/verify/batch', body })).body
    expect(results[0].code).toBe('VALID')
    expect(toldByVerify(results[1])).toEqual(verdict())
  })

  test.each([
    `/gateway/check?permission=${NEEDED}`,
    `/gateway/nginx?permission=${NEEDED}`,
    `/gateway/envoy?permission=${NEEDED}&path=/api`,
    `/gateway/envoy/?permission=${NEEDED}&path=/api`,
  ])('%s', async (path) => {
    expect(toldToGateway(await server.call({ path, ...through(uses.get(name)!) }))).toEqual(answer())
  })

  test('the authentication of the service itself', async () => {
    // An operation that needs the permission, on somebody who does not exist: 404 is behind every check.
    const path = '/users/usr_00000000000000000000000000'
    const { status, body } = await server.call({
      method: 'PATCH',
      path,
      body: { name: 'Ada' },
      ...through(uses.get(name)!),
    })
    expect({ status, code: body.code }).toEqual(
      isValid ? { status: 404, code: 'user_not_found' } : { status: expected.status, code: expected.error },
    )
  })
})

/** Every way to use a key that needs the permission. */
const WAYS: Readonly<Record<string, (use: Use) => Promise<TestAnswer>>> = {
  'POST /verify': (use) => server.call({ method: 'POST', path: '/verify', body: verifyBody(use) }),
  'POST /verify/batch': (use) =>
    server.call({ method: 'POST', path: '/verify/batch', body: { keys: [verifyBody(use)] } }),
  'a gateway': (use) => server.call({ path: `/gateway/check?permission=${NEEDED}`, ...through(use) }),
  'the service itself': (use) =>
    server.call({
      method: 'PATCH',
      path: '/users/usr_00000000000000000000000000',
      body: { name: 'Ada' },
      ...through(use),
    }),
}

describe.each(Object.entries(WAYS))('by %s', (_name, way) => {
  test.each([
    ['nothing', true],
    ['missing permission', false],
    ['wrong address', false],
    ['disabled', false],
  ] as const)('a use with %s wrong moves lastUsedAt: %s', async (name, isMoved) => {
    const use = uses.get(name)!
    clock.move(2 * 60_000)
    const before = await findLastUse(use)
    await way(use)
    await server.services.usage.flush()
    expect((await findLastUse(use)) !== before).toBe(isMoved)
  })
})

async function findLastUse({ id }: Use): Promise<number | undefined> {
  const [row] = await server.services.engine.read((db) =>
    db
      .selectFrom('key_usage')
      .select('last_used_at')
      .where('key_id', '=', id as KeyId)
      .execute(),
  )
  return row?.last_used_at
}
