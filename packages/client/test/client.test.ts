import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ApiError, ConnectionError, Latchkey, LatchkeyError, type LatchkeyOptions } from '../src/index.ts'
import { problem, type Scripted, type ScriptedServer, startScriptedServer } from './scripted-server.ts'

const KEY = 'lk_live_never_shown'

let server: ScriptedServer | undefined

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  await server?.close()
  server = undefined
})

async function start(...script: Scripted[]) {
  server = await startScriptedServer(script)
  return { server, client: new Latchkey({ url: server.url, key: KEY, maxRetries: 0 }) }
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (failure) => failure,
  )
  return error instanceof LatchkeyError ? error.message : `no LatchkeyError: ${inspect(error)}`
}

describe('the key', () => {
  test('is printed nowhere', async () => {
    const { client } = await start('hang up')
    const failure: unknown = await client.keys.get('key_1').catch((error) => error)
    for (const shown of [
      inspect(client, { depth: 9, showHidden: true }),
      JSON.stringify(client),
      inspect(failure),
    ])
      expect(shown).not.toContain(KEY)
    expect(inspect(client)).toContain('[secret]')
    expect(JSON.stringify(client)).toContain('[secret]')
  })

  test('is not repeated when it cannot be sent', async () => {
    const read = vi.fn(async () => `${KEY}\nx`)
    const message = await messageOf(new Latchkey({ url: 'http://localhost', key: read }).me())
    expect(message).toContain('was it copied whole?')
    expect(message).not.toContain(KEY)
  })

  test.each([
    ['a key', 'lk_live_abc', 'x-api-key', 'lk_live_abc'],
    ['a key read from a file with its line break', 'lk_live_abc\n', 'x-api-key', 'lk_live_abc'],
    ['a token', 'aa.bb-c.dd', 'authorization', 'Bearer aa.bb-c.dd'],
  ])('%s is sent where it belongs', async (_name, key, header, value) => {
    const { server } = await start({ status: 200 })
    await new Latchkey({ url: server.url, key }).me()
    expect(server.received[0]!.headers[header]).toBe(value)
  })

  test('a function is asked before each call, and may say that there is none', async () => {
    const { server } = await start({ status: 200 })
    const keys = ['lk_live_a', 'lk_live_b', null]
    const client = new Latchkey({ url: server.url, key: () => keys.shift() ?? null })
    for (let call = 0; call < 3; call += 1) await client.me()
    expect(server.received.map(({ headers }) => headers['x-api-key'])).toEqual([
      'lk_live_a',
      'lk_live_b',
      undefined,
    ])
  })

  test('comes from the environment, with the address', async () => {
    const { server } = await start({ status: 200 })
    vi.stubEnv('LATCHKEY_URL', `${server.url}/`)
    vi.stubEnv('LATCHKEY_API_KEY', 'lk_live_env')
    await new Latchkey().me()
    expect(server.received[0]!.headers['x-api-key']).toBe('lk_live_env')
  })
})

describe('options that cannot be meant are refused in one sentence', () => {
  test.each<[string, LatchkeyOptions, string]>([
    ['no url', { key: KEY }, 'pass the address of the service'],
    ['no key', { url: 'https://k.example' }, 'pass one as key, or set LATCHKEY_API_KEY'],
    ['an empty key', { url: 'https://k.example', key: ' ' }, 'The key is empty'],
    ['a url without a scheme', { url: 'k.example', key: KEY }, 'it looks like https://keys.example.com'],
    ['another scheme', { url: 'ftp://k.example', key: KEY }, 'not an http or https address'],
    ['a password in the url', { url: 'https://a:b@k.example', key: KEY }, 'leave it out'],
    ['a query', { url: 'https://k.example/?a=1', key: KEY }, 'leave it out'],
    ['no time', { url: 'https://k.example', key: KEY, timeoutMs: 0 }, 'timeoutMs: a number from 1 on'],
    [
      'retries that are not counted',
      { url: 'https://k.example', key: KEY, maxRetries: Number.NaN },
      'maxRetries',
    ],
  ])('%s', (_name, options, sentence) => {
    expect(() => new Latchkey(options)).toThrow(sentence)
    expect(() => new Latchkey(options)).toThrow(LatchkeyError)
  })

  test('a key in a browser, unless the caller insists', () => {
    vi.stubGlobal('window', {})
    vi.stubGlobal('document', {})
    const options = { url: 'https://k.example', key: KEY }
    expect(() => new Latchkey(options)).toThrow('in a browser')
    expect(new Latchkey({ ...options, allowBrowser: true })).toBeInstanceOf(Latchkey)
    expect(new Latchkey({ ...options, key: null })).toBeInstanceOf(Latchkey)
  })

  test.each([
    ['http to another machine in production', 'http://keys.example.com', 'production', 1],
    ['https', 'https://keys.example.com', 'production', 0],
    ['the own machine', 'http://127.0.0.1:7070', 'production', 0],
    ['another container', 'http://latchkey:7070', 'production', 0],
    ['development', 'http://keys.example.com', 'development', 0],
  ])('%s is warned of once, where keys cross a network in the clear', (_name, url, mode, count) => {
    vi.stubEnv('NODE_ENV', mode)
    const logger = { warn: vi.fn() }
    for (let client = 0; client < 3; client++) new Latchkey({ url, key: KEY, logger })
    expect(logger.warn).toHaveBeenCalledTimes(count)
    if (count > 0) expect(logger.warn).toHaveBeenCalledWith(expect.stringContaining('use https'))
  })
})

describe('a failure says what to do', () => {
  test.each<[string, Scripted, Partial<ApiError>, string]>([
    ['a wrong key', problem(401, 'invalid_credentials'), { status: 401 }, 'Check the key'],
    [
      'a missing permission',
      problem(403, 'missing_permission'),
      { detail: 'It is missing_permission.' },
      'It is missing_permission. Use a key that has it. (request req_1)',
    ],
    [
      'an older server',
      problem(404, 'route_not_found'),
      { requestId: 'req_1' },
      'GET /keys/{keyId}: It is route_not_found. Is url right, or is the service older than this client?',
    ],
    [
      'an older server that knows the path for something else',
      problem(405, 'method_not_allowed'),
      {},
      'GET /keys/{keyId}: It is method_not_allowed. Is url right, or is the service older than this client?',
    ],
    [
      'a page of a proxy',
      { status: 200, body: '<html>' },
      { code: 'unexpected_answer' },
      'does a proxy answer',
    ],
    [
      'a body that is not JSON',
      { status: 200, body: '{', headers: { 'content-type': 'application/json' } },
      {},
      'is url right',
    ],
    [
      'JSON of something else',
      { status: 404, body: { error: 'no' } },
      { code: 'unexpected_answer' },
      'is url right',
    ],
    [
      'a redirect',
      { status: 301, headers: { location: 'https://other.example/' } },
      {},
      'https://other.example/',
    ],
  ])('%s', async (_name, answer, fields, sentence) => {
    const { client } = await start(answer)
    const call = client.keys.get('key_1')
    await expect(call).rejects.toMatchObject(fields)
    await expect(call).rejects.toBeInstanceOf(ApiError)
    expect(await messageOf(call)).toContain(sentence)
  })

  test.each([
    ['nobody listens', 'http:'],
    ['it speaks no https', 'https:'],
  ])('%s', async (name, protocol) => {
    const { server } = await start({ status: 200 })
    if (name.startsWith('nobody')) await server.close()
    const url = server.url.replace('http:', protocol)
    const call = new Latchkey({ url, key: KEY, maxRetries: 0 }).keys.get('key_1')
    await expect(call).rejects.toBeInstanceOf(ConnectionError)
    expect(await messageOf(call)).toMatch(`No answer from ${url} (`)
    expect(await messageOf(call)).toContain('is the service running, and is url right?')
  })

  test.each(['', '.', '..'])('an id that is none (%j) leads nowhere', async (id) => {
    const { server, client } = await start({ status: 200 })
    expect(await messageOf(client.keys.delete(id))).toContain('keyId is missing')
    expect(server.received).toHaveLength(0)
  })

  test('an id cannot lead to another path', async () => {
    const { server, client } = await start({ status: 200 })
    await client.keys.get('../users/x?y')
    expect(server.received[0]!.path).toBe('/keys/..%2Fusers%2Fx%3Fy')
  })

  test('an error of another copy of the package is known', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('latchkey.error')]: ['ApiError', 'LatchkeyError'],
    })
    expect(foreign).toBeInstanceOf(ApiError)
    expect(foreign).toBeInstanceOf(LatchkeyError)
    expect(foreign).not.toBeInstanceOf(ConnectionError)
    expect(new Error('x')).not.toBeInstanceOf(LatchkeyError)
  })
})

describe('a verdict', () => {
  test.each([
    [{ valid: true, code: 'VALID' }, true],
    [{ valid: false, code: 'EXPIRED' }, true],
    [{ valid: true }, false],
    [{ valid: true, code: 'EXPIRED' }, false],
    [{ valid: false, code: 'VALID' }, false],
    [{ ok: true }, false],
  ])('%j is one: %j', async (body, isVerdict) => {
    const { client } = await start({ status: 200, body })
    const call = client.verify({ key: 'k' })
    if (isVerdict) expect(await call).toEqual(body)
    else await expect(call).rejects.toMatchObject({ code: 'unexpected_answer' })
  })
})

describe('a list', () => {
  const page = (ids: string[], more: Partial<Record<'nextUrl' | 'previousUrl', string>> = {}): Scripted => ({
    status: 200,
    body: { data: ids.map((id) => ({ id })), nextUrl: null, previousUrl: null, ...more },
  })
  const elsewhere = 'https://thief.example/keys'

  test('goes on after the last id, and never to an address in an answer', async () => {
    const { server, client } = await start(
      page(['c', 'b'], { nextUrl: elsewhere }),
      page(['a'], { previousUrl: elsewhere }),
    )
    const ids: string[] = []
    for await (const key of client.keys.list({ status: 'all', limit: 2, offset: 1 })) ids.push(key.id)
    expect(ids).toEqual(['c', 'b', 'a'])
    expect(server.received.map(({ path }) => path)).toEqual([
      '/keys?status=all&limit=2&offset=1',
      '/keys?status=all&limit=2&startingAfter=b',
    ])
  })

  test('that ends before an id goes on before the first', async () => {
    const { server, client } = await start(
      page(['c', 'b'], { previousUrl: elsewhere }),
      page(['d'], { nextUrl: elsewhere }),
    )
    for await (const _ of client.keys.list({ endingBefore: 'a' }));
    expect(server.received.map(({ path }) => path)).toEqual(['/keys?endingBefore=a', '/keys?endingBefore=c'])
  })

  test.each([[{}], [{ data: null }], [{ data: { id: 'a' } }]])(
    'that has no items says whose answer it may be: %j',
    async (body) => {
      const { client } = await start({ status: 200, body })
      const all = async () => {
        for await (const _ of client.keys.list());
      }
      expect(await messageOf(all())).toContain('without items: is url right')
    },
  )

  test('is one page where one is asked for', async () => {
    const { client } = await start(page(['b'], { nextUrl: elsewhere }))
    expect((await client.keys.list().page()).data).toEqual([{ id: 'b' }])
  })
})

test('what one call is made with goes with it', async () => {
  const { server, client } = await start({ status: 200, headers: { etag: '"7"' } })
  const { response } = await client.keys
    .update('key_1', { enabled: false }, { companyId: 'company_2', headers: { 'if-match': '"6"' } })
    .withResponse()
  expect(response.headers.get('etag')).toBe('"7"')
  expect(server.received[0]!.headers).toMatchObject({ 'x-company-id': 'company_2', 'if-match': '"6"' })
})
