import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { findKeyOf, type GuardOptions, keyOf, type VerifyRequest, type VerifyResult } from '../src/index.ts'
import { requireKey as requireKeyInExpress } from '../src/middleware/express.ts'
import { requireKey } from '../src/middleware/fetch.ts'
import { requireKey as requireKeyInHono } from '../src/middleware/hono.ts'
import { withKey } from '../src/middleware/next.ts'

const GOOD: VerifyResult = {
  valid: true,
  code: 'VALID',
  keyId: 'key_1',
  companyId: 'company_1',
  userId: 'user_1',
  permissions: ['orders:read'],
  mode: 'live',
  expiresAt: null,
  metadata: {},
  secret: 'current',
  replaceBy: null,
  limits: null,
  limitedBy: null,
  retryAfterSeconds: null,
  requestId: 'req_1',
}
const refusedWith = (code: VerifyResult['code'], more: object = {}): VerifyResult => ({
  ...GOOD,
  valid: false,
  code,
  ...more,
})

const requestWith = (headers: Record<string, string>) =>
  new Request('https://app.example/orders', { headers })
const WITH_KEY = { 'x-api-key': 'lk_live_x' }

/** A service that says one thing of every key, and what it was asked. */
function service(says: VerifyResult | Error = GOOD) {
  const asked: VerifyRequest[] = []
  return {
    asked,
    verify: async (attempt: VerifyRequest) => {
      asked.push(attempt)
      if (says instanceof Error) throw says
      return says
    },
  }
}

async function judge(
  options: GuardOptions<Request>,
  request: Request = requestWith(WITH_KEY),
  peer: string | undefined = '127.0.0.1',
) {
  const answer = await requireKey(options)(request, { peer })
  return {
    request,
    status: answer?.status ?? 200,
    code: answer === undefined ? '-' : JSON.parse(await answer.clone().text()).code,
    answer,
  }
}

describe('what may pass', () => {
  test('passes, and says whose it is', async () => {
    const { request, status } = await judge({ latchkey: service() })
    expect(status).toBe(200)
    expect(keyOf(request)).toEqual(GOOD)
  })

  test.each<[string, VerifyResult]>([
    ['a yes without its code', { ...GOOD, code: 'EXPIRED' }],
    ['a code without its yes', { ...GOOD, valid: false }],
  ])('%s is no yes', async (_name, verdict) => {
    expect((await judge({ latchkey: service(verdict) })).status).toBe(401)
  })

  test('without a credential nothing passes, unless the guard is optional', async () => {
    const latchkey = service()
    const none = () => requestWith({})
    expect((await judge({ latchkey }, none())).code).toBe('missing_credentials')
    const { request, status } = await judge({ latchkey, optional: true }, none())
    expect(status).toBe(200)
    expect(findKeyOf(request)).toBeUndefined()
    expect(() => keyOf(request)).toThrow('its guard is optional')
    expect(latchkey.asked).toEqual([])
  })

  test.each([
    ['a bad key', WITH_KEY, refusedWith('NOT_FOUND')],
    ['a scheme nobody reads', { authorization: 'Basic x' }, GOOD],
    ['two credentials', { ...WITH_KEY, authorization: 'Bearer other' }, GOOD],
  ])('%s does not pass an optional guard', async (_name, headers, verdict) => {
    const latchkey = service(verdict)
    expect((await judge({ latchkey, optional: true }, requestWith(headers))).code).toBe('invalid_credentials')
  })

  test('whose a request is cannot be asked where no guard was', () => {
    expect(() => keyOf(requestWith(WITH_KEY))).toThrow('No guard has seen this request')
    expect(() => findKeyOf(requestWith(WITH_KEY))).toThrow('No guard has seen this request')
  })
})

describe('a verifier in place of a client', () => {
  const verifier = (says: VerifyResult | Error) => ({
    verify(): VerifyResult {
      if (says instanceof Error) throw says
      return says
    },
  })

  test.each<[string, VerifyResult | Error, number, string]>([
    ['a yes', GOOD, 200, '-'],
    ['a yes without its code', { ...GOOD, code: 'EXPIRED' }, 401, 'key_expired'],
    ['a no', refusedWith('INACTIVE'), 401, 'key_inactive'],
    ['no verdict', new Error('cut off'), 503, 'cannot_verify'],
  ])('answers at once: %s', async (_name, says, status, code) => {
    const refused = await judge({ verifier: verifier(says), onUnavailable: () => {} })
    expect([refused.status, refused.code]).toEqual([status, code])
  })

  test('answers later', async () => {
    const { request, status } = await judge({ verifier: service(GOOD) })
    expect([status, keyOf(request)]).toEqual([200, GOOD])
  })
})

describe('what is asked', () => {
  test.each<[string, Partial<GuardOptions<Request>>, VerifyRequest]>([
    ['nothing but the key', {}, { key: 'lk_live_x', ip: '127.0.0.1' }],
    [
      'one permission',
      { permission: 'orders:read' },
      { key: 'lk_live_x', ip: '127.0.0.1', permissions: ['orders:read'] },
    ],
    [
      'both kinds of them',
      { permission: 'orders:read', permissions: (request) => [`orders:${request.method.toLowerCase()}`] },
      { key: 'lk_live_x', ip: '127.0.0.1', permissions: ['orders:read', 'orders:get'] },
    ],
    ['what it costs', { cost: 5 }, { key: 'lk_live_x', ip: '127.0.0.1', cost: 5 }],
    [
      'what this one costs',
      { cost: ({ method }) => (method === 'GET' ? 0 : 1) },
      { key: 'lk_live_x', ip: '127.0.0.1', cost: 0 },
    ],
    ['another address', { clientAddress: () => '192.0.2.1' }, { key: 'lk_live_x', ip: '192.0.2.1' }],
    ['no address where none can be told', { clientAddress: () => undefined }, { key: 'lk_live_x' }],
    ['no address where what is told is none', { clientAddress: () => 'somewhere' }, { key: 'lk_live_x' }],
  ])('%s', async (_name, options, attempt) => {
    const latchkey = service()
    await judge({ latchkey, ...options })
    expect(latchkey.asked).toEqual([attempt])
  })

  test.each([
    ['the peer', 'peer' as const, '203.0.113.5', '203.0.113.5'],
    ['the hop before our proxy', { trustedProxies: ['127.0.0.0/8'] }, '127.0.0.1', '192.0.2.1'],
    ['the peer that is no proxy of ours', { trustedProxies: ['127.0.0.0/8'] }, '203.0.113.5', '203.0.113.5'],
    ['nobody where there is no peer', { trustedProxies: ['127.0.0.0/8'] }, 'unix', undefined],
  ])('from %s', async (_name, clientAddress, peer, ip) => {
    const latchkey = service()
    const forwarded = requestWith({ ...WITH_KEY, 'x-forwarded-for': '192.0.2.1' })
    await judge({ latchkey, clientAddress }, forwarded, peer)
    expect(latchkey.asked[0]?.ip).toBe(ip)
  })
})

describe('Hono says where a request comes from as the server it runs on does', () => {
  const node = {
    incoming: { rawHeaders: ['X-API-KEY', 'lk_live_x'], socket: { remoteAddress: '203.0.113.5' } },
  }
  /** Of Bun: a method that wants its server. */
  class Server {
    #address = '203.0.113.5'
    requestIP() {
      return { address: this.#address, family: 'IPv4', port: 7 }
    }
  }

  test.each<[string, unknown, string | undefined]>([
    ['Node', node, '203.0.113.5'],
    ['Bun', new Server(), '203.0.113.5'],
    ['Bun, of a request that has gone', { requestIP: () => null }, undefined],
    ['Deno', { remoteAddr: { transport: 'tcp', hostname: '203.0.113.5', port: 7 } }, '203.0.113.5'],
    ['Deno, by a socket of the machine', { remoteAddr: { transport: 'unix', path: '/run/x' } }, undefined],
    ['workers', { DATABASE: {}, remoteAddr: 'a setting of this name' }, undefined],
    ['nothing', undefined, undefined],
  ])('%s', async (_name, env, ip) => {
    const latchkey = service()
    const raw = requestWith(WITH_KEY)
    const next = vi.fn(async () => {})
    expect(await requireKeyInHono({ latchkey })({ req: { raw }, env }, next)).toBeUndefined()
    expect(latchkey.asked).toEqual([{ key: 'lk_live_x', ...(ip === undefined ? {} : { ip }) }])
    expect([next.mock.calls.length, keyOf(raw)]).toEqual([1, GOOD])
  })
})

describe('a refusal', () => {
  test.each<[VerifyResult, string, number, string]>([
    [refusedWith('NOT_FOUND'), 'lk_live_x', 401, 'invalid_credentials'],
    [refusedWith('INACTIVE'), 'lk_live_x', 401, 'key_inactive'],
    [refusedWith('INACTIVE', { secret: 'previous' }), 'lk_live_x', 401, 'key_inactive'],
    [refusedWith('INACTIVE'), 'a.b.c', 401, 'token_expired'],
    [refusedWith('EXPIRED'), 'lk_live_x', 401, 'key_expired'],
    [refusedWith('EXPIRED'), 'a.b.c', 401, 'token_expired'],
    [refusedWith('USER_INACTIVE'), 'lk_live_x', 401, 'user_inactive'],
    [refusedWith('COMPANY_INACTIVE'), 'lk_live_x', 401, 'company_inactive'],
    [refusedWith('IP_NOT_ALLOWED'), 'lk_live_x', 403, 'ip_not_allowed'],
    [refusedWith('IP_REQUIRED'), 'lk_live_x', 403, 'client_ip_unknown'],
    [refusedWith('INSUFFICIENT_PERMISSIONS'), 'lk_live_x', 403, 'missing_permission'],
    [refusedWith('RATE_LIMITED', { retryAfterSeconds: 7 }), 'lk_live_x', 429, 'key_rate_limited'],
  ])('%#: of %o for %s', async (verdict, key, status, code) => {
    const request = requestWith({ authorization: `Bearer ${key}` })
    const heard = vi.fn()
    const refused = await judge({ latchkey: service(verdict), onRefused: heard }, request)
    expect([refused.status, refused.code]).toEqual([status, code])
    expect(refused.answer?.headers.has('www-authenticate')).toBe(status === 401)
    expect(heard.mock.calls).toEqual([[expect.objectContaining({ status }), request]])
    expect(() => keyOf(request)).toThrow('No guard')
  })

  test('for a limit says when to come again', async () => {
    const verdict = refusedWith('RATE_LIMITED', { retryAfterSeconds: 6.2 })
    expect((await judge({ latchkey: service(verdict) })).answer?.headers.get('retry-after')).toBe('7')
  })

  test('shows the address seen, and names the option where none was', async () => {
    const shown = async (code: VerifyResult['code']) =>
      (
        await requireKey({ latchkey: service(refusedWith(code)) })(requestWith(WITH_KEY), {
          peer: '203.0.113.5',
        })
      )?.text()
    expect(await shown('IP_NOT_ALLOWED')).toContain('203.0.113.5')
    expect(await shown('IP_REQUIRED')).toContain('clientAddress')
  })

  test.each([
    ['nobody answers', service(new Error('no answer'))],
    ['the permissions cannot be told', service()],
  ])('is 503 when %s, and why is told to the application only', async (name, latchkey) => {
    const onUnavailable = vi.fn()
    const permissions = () => {
      if (name.startsWith('the')) throw new Error('no answer')
      return []
    }
    const { status, code, answer } = await judge({ latchkey, permissions, onUnavailable })
    expect([status, code, answer?.headers.get('retry-after')]).toEqual([503, 'cannot_verify', '1'])
    expect(onUnavailable).toHaveBeenCalledWith(
      expect.objectContaining({ message: 'no answer' }),
      expect.anything(),
    )
  })
})

describe('a function of the request that says no list of permissions', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['one permission', 'orders:read'],
    ['a promise of a list', Promise.resolve([])],
  ])('but %s opens no gate: nobody is asked, and the answer is 503', async (_name, said) => {
    const latchkey = service()
    const onUnavailable = vi.fn()
    const permissions = () => said as unknown as readonly string[]
    const { status, code } = await judge({ latchkey, permissions, onUnavailable })
    expect([status, code]).toEqual([503, 'cannot_verify'])
    expect(latchkey.asked).toEqual([])
    const { message } = onUnavailable.mock.calls[0]![0] as Error
    expect(message).toBe('permissions answered no list: for a request that needs no permission, answer [].')
  })
})

test('the guard for Express leaves alone what the application has answered meanwhile', async () => {
  const next = vi.fn()
  const failed = Promise.withResolvers<unknown>()
  const verify = Promise.withResolvers<never>()
  const guard = requireKeyInExpress({
    latchkey: { verify: () => verify.promise },
    onUnavailable: (error) => failed.resolve(error),
  })
  const server = createServer((request, response) => {
    guard(request, response, next)
    // A time limit of the application, which is sooner than that of the guard.
    response.writeHead(504).end()
    verify.reject(new Error('no answer'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}`, { headers: WITH_KEY })
  await failed.promise
  // A rejection that nobody handles would end the application, and fails this run.
  await new Promise(setImmediate)
  expect(answer.status).toBe(504)
  expect(next).not.toHaveBeenCalled()
  server.close()
})

describe('options that cannot be meant open no gate', () => {
  const latchkey = service()
  test.each<[string, object, string]>([
    ['half a cost', { latchkey, cost: 0.5 }, 'cost is no whole number'],
    ['a cost that is too high', { latchkey, cost: 1_001 }, 'cost is no whole number'],
    ['no cost', { latchkey, cost: undefined }, 'cost is no whole number'],
    ['a misspelt one', { latchkey, permision: 'orders:read' }, 'no option permision'],
    ['no client', {}, 'needs a client'],
    ['a verifier that is none', { verifier: {} }, 'needs a client'],
    ['a client and a verifier', { latchkey, verifier: latchkey }, 'and not both'],
    ['a permission that is undefined', { latchkey, permission: undefined }, 'not one permission'],
    ['a pattern', { latchkey, permission: 'orders:*' }, 'not one permission'],
    ['two permissions in one', { latchkey, permission: 'orders:read,orders:write' }, 'not one permission'],
    ['permissions that are a list', { latchkey, permissions: ['orders:read'] }, 'not a function'],
    [
      'a word for a proxy',
      { latchkey, clientAddress: { trustedProxies: ['10.0.0.0/8', 'loopback'] } },
      'clientAddress.trustedProxies: a text of 8 characters is not an IP address',
    ],
    [
      'one text of proxies',
      { latchkey, clientAddress: { trustedProxies: '10.0.0.0/8' } },
      'clientAddress is',
    ],
    [
      'a proxy that is not set',
      { latchkey, clientAddress: { trustedProxies: [undefined] } },
      'clientAddress is',
    ],
    ['a number of proxies', { latchkey, clientAddress: { trustedProxies: 1 } }, 'clientAddress is'],
    ['an empty list of proxies', { latchkey, clientAddress: { trustedProxies: [] } }, 'clientAddress is'],
    ['an address of another kind', { latchkey, clientAddress: 'forwarded' }, 'clientAddress is'],
  ])('%s', (_name, options, sentence) => {
    expect(() => requireKey(options as GuardOptions<Request>)).toThrow(sentence)
  })
})

test('a handler of Next is not called for what is refused', async () => {
  const handler = vi.fn(async (request: Request, { id }: { id: string }) =>
    Response.json([keyOf(request).keyId, id]),
  )
  const good = withKey(handler, { latchkey: service(), peerOf: () => '203.0.113.5' })
  expect(await (await good(requestWith(WITH_KEY), { id: '7' })).json()).toEqual(['key_1', '7'])
  const bad = withKey(handler, { latchkey: service(refusedWith('NOT_FOUND')) })
  expect((await bad(requestWith(WITH_KEY), { id: '7' })).status).toBe(401)
  expect(handler).toHaveBeenCalledTimes(1)
})
