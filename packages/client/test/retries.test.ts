import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ApiError, Latchkey } from '../src/index.ts'
import { problem, type Scripted, type ScriptedServer, startScriptedServer } from './scripted-server.ts'

const DONE: Scripted = { status: 200, body: { id: 'key_1' } }
const NEVER = 5

let server: ScriptedServer | undefined

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server?.close()
})

async function start(...script: Scripted[]): Promise<{ server: ScriptedServer; client: Latchkey }> {
  server = await startScriptedServer(script)
  return { server, client: new Latchkey({ url: server.url, key: 'lk_live_x' }) }
}

describe('tried again', () => {
  test.each<[string, Scripted]>([
    ['408', problem(408, 'request_timeout')],
    ['429', problem(429, 'rate_limited')],
    ['502 of a proxy', { status: 502, body: '<html>' }],
    ['503', problem(503, 'unavailable')],
    ['503 of a proxy', { status: 503, body: '<html>' }],
    ['504 of a proxy', { status: 504, body: '<html>' }],
    ['409 idempotency_in_progress', problem(409, 'idempotency_in_progress')],
    ['no answer', 'hang up'],
  ])('%s, and then the answer counts', async (_name, failure) => {
    const { server, client } = await start(failure, DONE)
    expect(await client.keys.create({ userId: 'u' })).toEqual({ id: 'key_1' })
    expect(server.received).toHaveLength(2)
  })

  test('a creation carries one Idempotency-Key through all its tries, and each creation its own', async () => {
    const { server, client } = await start(problem(503, 'unavailable'), 'hang up', DONE)
    await client.keys.create({ userId: 'u' })
    await client.keys.create({ userId: 'u' })
    const [first, second, third, fourth] = server.received.map(({ headers }) => headers['idempotency-key'])
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect([second, third]).toEqual([first, first])
    expect(fourth).not.toBe(first)
  })

  test('twice, and then the failure is told', async () => {
    const { server, client } = await start(problem(503, 'unavailable', { 'retry-after': '0' }))
    await expect(client.keys.get('key_1')).rejects.toMatchObject({ status: 503, code: 'unavailable' })
    expect(server.received).toHaveLength(3)
  })

  test('a connection that the other side had closed costs no retry, once', async () => {
    const { server, client } = await start('hang up', DONE)
    expect(await client.keys.get('key_1', { maxRetries: 0 })).toEqual({ id: 'key_1' })
    expect(server.received).toHaveLength(2)
  })
})

describe('a fetch that fails', () => {
  const coded = (code: string) => Object.assign(new Error('socket hang up'), { code })
  const said = (message: string) => new Error(`error sending request for http://x (x): ${message}`)

  test.each<[string, Error, number]>([
    ['as Node says it: closed', new TypeError('fetch failed', { cause: coded('UND_ERR_SOCKET') }), 2],
    ['as Bun says it: closed', coded('ECONNRESET'), 2],
    [
      'as Deno says it: closed',
      new TypeError('fetch failed', {
        cause: said('client error (SendRequest): connection closed before message completed'),
      }),
      2,
    ],
    [
      'as Deno says it: reset',
      new TypeError('fetch failed', { cause: said('Connection reset by peer (os error 104)') }),
      2,
    ],
    [
      'as Node says it to what runs under Jest: closed',
      runInNewContext(
        "new TypeError('fetch failed', { cause: { message: 'closed', code: 'UND_ERR_SOCKET' } })",
      ),
      2,
    ],
    ['as Node says it: nobody', new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }), 1],
    [
      'as Deno says it: nobody',
      new TypeError('fetch failed', { cause: said('client error (Connect): Connection refused') }),
      1,
    ],
  ])('%s', async (_name, failure, calls) => {
    const fetch = vi.fn(async () => {
      throw failure
    })
    const client = new Latchkey({ url: 'http://localhost', key: 'lk_live_x', fetch, maxRetries: 0 })
    await expect(client.keys.get('key_1')).rejects.toMatchObject({
      code: 'connection_failed',
      message: expect.not.stringContaining('unknown'),
    })
    expect(fetch).toHaveBeenCalledTimes(calls)
  })
})

test.each<[string, (client: Latchkey) => Promise<unknown>]>([
  ['a key', ({ keys }) => keys.delete('key_1')],
  ['a user', ({ users }) => users.delete('usr_1')],
])(
  '%s is deleted again when the answer is lost: the service takes that for a success',
  async (_name, call) => {
    const { server, client } = await start('hang up', { status: 204 })
    expect(await call(client)).toBeUndefined()
    expect(server.received).toHaveLength(2)
  },
)

describe('not tried again', () => {
  test.each<[string, Scripted]>([
    ['500', problem(500, 'internal_error')],
    ['400', problem(400, 'invalid_field')],
    ['401', problem(401, 'invalid_credentials')],
    ['409 of another kind', problem(409, 'rotation_open')],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/keys' } }],
    ['Retry-After beyond half a minute', problem(429, 'rate_limited', { 'retry-after': '31' })],
    ['an answer that is not Latchkey’s', { status: 200, body: '<html>' }],
  ])('%s', async (_name, failure) => {
    const { server, client } = await start(failure)
    await expect(client.keys.get('key_1')).rejects.toThrow()
    expect(server.received).toHaveLength(1)
  })

  test.each<[string, (client: Latchkey) => Promise<unknown>]>([
    ['a password set with a one-time token', ({ auth }) => auth.setPassword({ token: 't', password: 'p' })],
    ['a sign-out', ({ auth }) => auth.signOut()],
    ['a rotation cancelled', ({ keys }) => keys.cancelRotation('key_1')],
    [
      'a rotation ended',
      ({ keys }) => keys.updateRotation('key_1', { previousEndsAt: '2026-01-01T00:00:00Z' }),
    ],
  ])('%s, when it may have been done', async (_name, call) => {
    const { server, client } = await start('hang up', DONE)
    await expect(call(client)).rejects.toMatchObject({ code: 'connection_failed' })
    expect(server.received).toHaveLength(1)
  })

  test('what would come after the time of the call', async () => {
    const { server, client } = await start(problem(429, 'rate_limited', { 'retry-after': '20' }))
    const failure: ApiError = await client.keys.get('key_1').catch((error) => error)
    expect([failure.code, failure.retryAfterSeconds]).toEqual(['rate_limited', 20])
    expect(server.received).toHaveLength(1)
  })
})

describe('the end of a call', () => {
  test('is there while the function that gives the key is waited for', async () => {
    const { server } = await start(DONE)
    const client = new Latchkey({ url: server.url, key: () => new Promise(() => {}) })
    await expect(client.keys.get('key_1', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
    const controller = new AbortController()
    const aborted = client.keys.get('key_1', { signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
    expect(server.received).toEqual([])
  })

  test('is there where fetch does not hear of it', async () => {
    const client = new Latchkey({
      url: 'http://localhost',
      key: 'lk_live_x',
      fetch: () => new Promise(() => {}),
    })
    await expect(client.keys.get('key_1', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
    const controller = new AbortController()
    const aborted = client.keys.get('key_1', { signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' })
  })

  test('is not at once where its time is longer than a timer knows', async () => {
    const { client } = await start(DONE)
    expect(await client.keys.get('key_1', { timeoutMs: 2 ** 40 })).toEqual({ id: 'key_1' })
  })

  test('is its time, retries included', async () => {
    const { server, client } = await start('silence')
    await expect(client.keys.get('key_1', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
    expect(server.received).toHaveLength(1)
  })

  test('is the signal of the caller', async () => {
    const { client } = await start('silence')
    const controller = new AbortController()
    const call = client.keys.get('key_1', { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toMatchObject({ code: 'aborted' })
  })

  test('leaves no listener at the signal', async () => {
    const { client } = await start(DONE)
    const controller = new AbortController()
    const taken = vi.spyOn(controller.signal, 'addEventListener')
    const left = vi.spyOn(controller.signal, 'removeEventListener')
    for (let index = 0; index < NEVER; index += 1) await client.keys.get('k', { signal: controller.signal })
    expect(left.mock.calls.length).toBe(taken.mock.calls.length)
  })
})
