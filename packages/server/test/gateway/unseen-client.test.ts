/** Whose address counts: the client's, as the gateway tells it; never the gateway's own. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, type Parsed, type TestAnswer, useTestServer } from '../harness.ts'
import { denied, expectEveryHeader, verdictOf } from './verdict-checks.ts'

const KNOWN = '192.0.2.10'
const BY_TOKEN = '192.0.2.99'
const CLIENT = '198.51.100.7'
const FAILURES_MAX = 3

const server = useTestServer({
  LATCHKEY_TRUSTED_PROXIES: `${KNOWN}/32`,
  LATCHKEY_FAILED_AUTH_PER_MINUTE: String(FAILURES_MAX),
})
/** For the networks of the gateways and their clients: whoever stands for whom, it would be let through. */
let internal: Parsed
let everywhere: Parsed
let gatewayToken: string

beforeAll(async () => {
  const create = (fields: object) =>
    expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })
  internal = await create({ whitelistedIPs: ['192.0.2.0/24', CLIENT] })
  everywhere = await create({})
  gatewayToken = (await create({ permissions: ['keys:verify'] })).key
})

/** What proves a gateway, by how it is known. */
const GATEWAYS: readonly (readonly [how: string, known: Known])[] = [
  ['known by its address', { from: KNOWN, token: () => ({}) }],
  ['known by a token', { from: BY_TOKEN, token: () => ({ 'x-gateway-token': gatewayToken }) }],
  ['known by both', { from: KNOWN, token: () => ({ 'x-gateway-token': gatewayToken }) }],
]
type Known = { readonly from: string; readonly token: () => Readonly<Record<string, string>> }

function ask(path: string, { from, token }: Known, forwarded: string[], key: string): Promise<TestAnswer> {
  const headers = { ...token(), ...(forwarded.length === 0 ? {} : { 'x-forwarded-for': forwarded }) }
  return server.call({ path, key, from, headers })
}

describe.each(GATEWAYS)('a gateway %s', (_how, known) => {
  describe.each(['/gateway/check', '/gateway/nginx', '/gateway/envoy?path=/orders'])('at %s', (path) => {
    test.each([
      ['that forwards no address', []],
      ['that forwards an empty one', ['']],
      ['that forwards no address but a word', ['unknown']],
      ['that forwards a name', ['localhost']],
      ['that forwards spaces', [' , ']],
      ['that forwards nothing behind an address', [`${CLIENT},`]],
    ])('%s asks for a client whose address is unknown', async (_what, forwarded) => {
      const answer = await ask(path, known, forwarded, internal.key)
      expectProblem(answer, 'client_ip_unknown')
      expect(verdictOf(answer)).toEqual(denied(403, 'client_ip_unknown'))
      expectEveryHeader(answer)
      expect((await ask(path, known, forwarded, everywhere.key)).status).toBe(200)
    })

    test('that forwards the client is answered for the client', async () => {
      expect((await ask(path, known, [CLIENT], internal.key)).status).toBe(200)
      expectProblem(await ask(path, known, ['203.0.113.1'], internal.key), 'ip_not_allowed')
      expectProblem(await ask(path, known, [CLIENT, '203.0.113.1'], internal.key), 'ip_not_allowed')
    })
  })

  test('is not where the key was last used from', async () => {
    const used = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    expect((await ask('/gateway/check', known, [], used.key)).status).toBe(200)
    await server.services.usage.flush()
    const { body } = await server.call({ path: `/keys/${used.id}` })
    expect(JSON.stringify(body)).not.toContain(known.from)
  })
})

test('a gateway that adds itself is not its own client; where its address is named, the one before it is', async () => {
  const token: Known = { from: BY_TOKEN, token: () => ({ 'x-gateway-token': gatewayToken }) }
  const both: Known = { ...token, from: KNOWN }
  for (const forwarded of [[`203.0.113.1, ${BY_TOKEN}`], ['203.0.113.1', BY_TOKEN], [BY_TOKEN]]) {
    expectProblem(await ask('/gateway/check', token, forwarded, internal.key), 'client_ip_unknown')
  }
  expectProblem(await ask('/gateway/check', both, [`203.0.113.1, ${KNOWN}`], internal.key), 'ip_not_allowed')
  expect((await ask('/gateway/check', both, [`${CLIENT}, ${KNOWN}`], internal.key)).status).toBe(200)
})

describe('a gateway whose own token fails too often', () => {
  test.each([
    ['/gateway/check', '192.0.2.101', 429],
    ['/gateway/nginx', '192.0.2.102', 403],
    ['/gateway/envoy', '192.0.2.103', 429],
  ])('is told to wait at %s, and with the right one it need not', async (path, from, status) => {
    const wrong = { from, token: () => ({ 'x-gateway-token': 'nonsense' }) }
    const right = { from, token: () => ({ 'x-gateway-token': gatewayToken }) }
    for (let failures = 0; failures < FAILURES_MAX; failures++) {
      const answer = await ask(path, wrong, [CLIENT], everywhere.key)
      expect(expectProblem(answer, 'missing_permission').detail).toContain("gateway's own key was refused")
    }
    const answer = await ask(path, wrong, [CLIENT], everywhere.key)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ code: 'rate_limited', status: 429 })
    expect(verdictOf(answer)).toEqual(denied(429, 'rate_limited'))
    expect(String(answer.headers['retry-after'])).toMatch(/^([1-9]|[1-5]\d|60)$/)
    expect(answer.headers['x-auth-retry-after']).toBe(answer.headers['retry-after'])
    expectEveryHeader(answer)
    expect((await ask(path, right, [CLIENT], everywhere.key)).status).toBe(200)
  })
})
