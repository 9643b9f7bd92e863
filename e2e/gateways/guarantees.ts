/** What a documented gateway configuration guarantees, tried on the real server with a real Latchkey and application. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oneConnection, upgradeTo } from './client.ts'
import { FAILURES_MAX, type Gateway, INSIDE, OUTSIDE, type Rig, startRig, valuesOf, withKey } from './rig.ts'
import { describeSpoofing } from './spoofing-guarantees.ts'
import { describeBodies, describeConnections, describeFailing } from './traffic-guarantees.ts'

/** Declares the tests for a gateway; where it is not installed, one that says so. */
export async function describeGuarantees(gateway: Gateway): Promise<void> {
  const missing = await gateway.missing()
  if (missing !== undefined) {
    // A machine that is there to find out must not pass by leaving out.
    if (process.env.CI_REQUIRE_GATEWAYS !== '1') return test.skip(`${gateway.name}: ${missing}`)
    return test(`${gateway.name} is there to be tested`, () => {
      throw new Error(missing)
    })
  }
  describe(gateway.name, () => {
    let started: Rig | undefined
    const rig = () => started!
    beforeAll(async () => {
      started = await startRig(gateway)
    })
    afterAll(() => started?.stop())
    beforeEach(() => {
      rig().application.arrivals.length = 0
    })
    describeAllowing(rig)
    describeRefusing(rig, gateway)
    describeLimits(rig, gateway)
    describeSpoofing(rig, gateway)
    describeBodies(rig)
    describeConnections(rig)
    describeFailing(rig, gateway)
  })
}

function describeAllowing(rig: () => Rig): void {
  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s with a good key reaches the application, which learns who calls',
    async (method) => {
      const answer = await rig().send({ method, path: '/orders?id=7', headers: withKey(rig().good) })
      expect(answer.status).toBe(200)
      expect(rig().onlyArrival()).toMatchObject({ method, url: '/orders?id=7' })
      const told = Object.fromEntries(
        ['status', 'error', 'key-id', 'user-id', 'company-id', 'permissions', 'mode'].map((name) => [
          name,
          valuesOf(rig().onlyArrival(), `x-auth-${name}`),
        ]),
      )
      expect(told).toEqual({
        status: ['200'],
        error: ['-'],
        'key-id': [rig().good.id],
        'user-id': [rig().good.userId],
        'company-id': [rig().good.companyId],
        permissions: ['orders:read orders:write'],
        mode: ['live'],
      })
      expect(valuesOf(rig().onlyArrival(), 'x-forwarded-for')).toEqual([INSIDE])
    },
  )

  test('HEAD with a good key reaches the application, and has no body', async () => {
    expect(await rig().send({ method: 'HEAD', headers: withKey(rig().good) })).toMatchObject({
      status: 200,
      text: '',
    })
    expect(rig().onlyArrival().method).toBe('HEAD')
  })

  test('a key is taken as a bearer token too', async () => {
    expect((await rig().send({ headers: ['Authorization', `Bearer ${rig().good.key}`] })).status).toBe(200)
    expect(valuesOf(rig().onlyArrival(), 'x-auth-key-id')).toEqual([rig().good.id])
  })

  test('an upgraded connection is checked once, and then carries what it likes', async () => {
    expect(await upgradeTo(rig().port, withKey(rig().good), 'hello')).toEqual({ status: 101, echo: 'hello' })
    expect(valuesOf(rig().onlyArrival(), 'x-auth-key-id')).toEqual([rig().good.id])
    rig().application.arrivals.length = 0
    expect(await upgradeTo(rig().port, [], 'hello')).toEqual({ status: 401, echo: '' })
    expect(rig().application.arrivals).toEqual([])
  })
}

function describeRefusing(rig: () => Rig, gateway: Gateway): void {
  test.each(['GET', 'POST', 'DELETE', 'HEAD'])(
    '%s without a key gets 401 and its challenge',
    async (method) => {
      const answer = await rig().send({ method })
      rig().expectRefused(answer, 401)
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="latchkey"')
    },
  )

  test('a wrong key gets 401, with a challenge that says so', async () => {
    const answer = await rig().send({ headers: withKey({ key: 'lk_live_wrong' }), from: '127.0.0.4' })
    rig().expectRefused(answer, 401)
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
  })

  test('a key from the wrong address gets 403', async () => {
    const answer = await rig().send({ headers: withKey(rig().good), from: OUTSIDE })
    rig().expectRefused(answer, 403)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'ip_not_allowed' })
  })

  test('a key without the permission that the configuration names gets 403', async () => {
    const answer = await rig().send({ ...gateway.writing, headers: withKey(rig().reader) })
    rig().expectRefused(answer, 403)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'missing_permission' })
    expect((await rig().send({ ...gateway.writing, headers: withKey(rig().good) })).status).toBe(200)
  })

  test('too many failures get 429 and when to come back; a good key from there still passes', async () => {
    const from = '127.0.0.5'
    const headers = withKey({ key: 'lk_live_wrong' })
    for (let failures = 0; failures < FAILURES_MAX; failures++) {
      rig().expectRefused(await rig().send({ headers, from }), 401)
    }
    const answer = await rig().send({ headers, from })
    rig().expectRefused(answer, 429)
    expect(answer.headers['retry-after']).toMatch(/^([1-9]|[1-5]\d|60)$/)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'rate_limited' })
    expect((await rig().send({ headers: withKey(rig().reader), from })).status).toBe(200)
  })

  for (const path of gateway.hidden) {
    test(`a client cannot ask Latchkey through ${path}`, async () => {
      rig().expectRefused(await rig().send({ path, headers: withKey(rig().good) }), 404)
    })
  }

  test('a deleted key is refused by the very next request', async () => {
    const key = await rig().createKey({ permissions: ['orders:read'] })
    const agent = oneConnection()
    expect((await rig().send({ headers: withKey(key), agent })).status).toBe(200)
    await rig().deleteKey(key)
    rig().application.arrivals.length = 0
    rig().expectRefused(await rig().send({ headers: withKey(key), agent }), 401)
    agent.destroy()
  })
}

function describeLimits(rig: () => Rig, gateway: Gateway): void {
  test('a key with a limit gets 429 when it is used up, and when to come back', async () => {
    const rateLimits = [{ name: 'hour', limit: 2, windowSeconds: 3_600 }]
    const headers = withKey(await rig().createKey({ permissions: ['orders:read'], rateLimits }))
    for (const left of [1, 0]) {
      const { status, headers: told } = await rig().send({ headers })
      expect(status).toBe(200)
      // Caddy shows them with a refusal only.
      if (gateway.name === 'Caddy') continue
      expect(told.ratelimit).toMatch(new RegExp(`^"hour";r=${left};t=\\d+$`))
      expect(told['ratelimit-policy']).toBe('"hour";q=2;w=3600')
    }
    rig().application.arrivals.length = 0
    const answer = await rig().send({ headers })
    rig().expectRefused(answer, 429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(answer.headers.ratelimit).toMatch(/^"hour";r=0;t=\d+$/)
    expect(answer.headers['ratelimit-policy']).toBe('"hour";q=2;w=3600')
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'key_rate_limited' })
  })
}
