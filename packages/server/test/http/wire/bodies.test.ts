/**
 * Bodies that two readers could understand in two ways, that are too much, or that are something else than they
 * say: each is refused by name, and what is refused has changed nothing.
 */
import { gzipSync } from 'node:zlib'
import { operations } from '@latchkey/contract/operations'
import { bodyBytesMaxOf } from '@latchkey/contract/operations/operation'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import {
  ask,
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'

const server = useTestServer()
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const userId = () => company.users.developer.id
const key = () => company.users.admin.key
const total = async (): Promise<number> =>
  (await server.call({ path: '/keys?status=all&limit=1', key: key() })).body.total

/** Sends a body as it is. */
const post = (text: string, headers: Record<string, string> = {}): Promise<TestAnswer> =>
  server.call({ method: 'POST', path: '/keys', key: key(), text, headers })
/** A valid body, as text, with something more in it. */
const bodyWith = (more: string) => `{"userId":"${userId()}"${more}}`
const nested = (levels: number, open: string, close: string) =>
  `${open.repeat(levels)}1${close.repeat(levels)}`

/** Refused, and not a key more than before. */
async function expectRefused(send: () => Promise<TestAnswer>, problem: Parameters<typeof expectProblem>[1]) {
  const before = await total()
  const body = expectProblem(await send(), problem)
  expect(await total()).toBe(before)
  return body
}

describe('size', () => {
  const LIMIT_BYTES = bodyBytesMaxOf(operations.createApiKey)
  const padded = (bytes: number) => {
    const body = bodyWith('')
    return `${body.slice(0, -1)}${' '.repeat(bytes - Buffer.byteLength(body))}}`
  }

  test('what the operation takes is accepted to the byte', async () => {
    expect((await post(padded(LIMIT_BYTES))).status).toBe(201)
  })

  test('one byte more is 413', async () => {
    await expectRefused(() => post(padded(LIMIT_BYTES + 1)), 'payload_too_large')
  })

  test('a length that is declared is refused before the body is read', async () => {
    const headers = { 'content-length': String(LIMIT_BYTES + 1) }
    expectProblem(await post(bodyWith(''), headers), 'payload_too_large')
  })

  test('is counted in bytes, not in characters', async () => {
    const text = bodyWith(`,"description":"${'ü'.repeat(LIMIT_BYTES / 2)}"`)
    expect(text.length).toBeLessThan(LIMIT_BYTES)
    await expectRefused(() => post(text), 'payload_too_large')
  })
})

describe('structure', () => {
  test.each([
    ['objects', '{"a":', '}'],
    ['arrays', '[', ']'],
  ])('%s: eight levels are read, nine are refused', async (_, open, close) => {
    // The field stands in an object, which is the first level.
    const eight = await expectRefused(() => post(bodyWith(`,"metadata":${nested(7, open, close)}`)), {
      code: 'invalid_field',
    })
    expect(eight.errors[0].pointer).toMatch(/^\/metadata/)
    const nine = await expectRefused(
      () => post(bodyWith(`,"metadata":${nested(8, open, close)}`)),
      'invalid_body',
    )
    expect(nine.detail).toContain('8 levels')
  })

  test('thirty thousand levels are refused, not a crash', async () => {
    await expectRefused(() => post(nested(30_000, '[', ']')), 'invalid_body')
  })

  test.each([
    ['a name', ',"userId":"x"'],
    ['a name written with an escape', ',"\\u0075serId":"x"'],
    ['an optional name', ',"mode":"live","mode":"live"'],
    ['a name inside', ',"metadata":{"a":"1","a":"1"}'],
    ['__proto__', ',"metadata":{"__proto__":"1","__proto__":"2"}'],
  ])('%s that stands twice is refused', async (_, more) => {
    const { detail } = await expectRefused(() => post(bodyWith(more)), 'invalid_body')
    expect(detail).toContain('stands twice')
  })

  test('one name in two objects is no repetition', async () => {
    expect((await post(bodyWith(',"metadata":{"userId":"a"}'))).status).toBe(201)
  })

  test('sixty-five names in one object are refused', async () => {
    const names = Array.from({ length: 65 }, (_, index) => `"n${index}":"v"`).join(',')
    await expectRefused(() => post(bodyWith(`,"metadata":{${names}}`)), 'invalid_body')
  })

  test.each(['[]', '[{"userId":"x"}]', 'null', 'true', '0', '"text"'])(
    '%s is no body of an operation',
    async (text) => {
      await expectRefused(() => post(text), 'invalid_body')
    },
  )
})

describe('text', () => {
  test.each([
    ['half of a surrogate pair, escaped', '"\\ud800"'],
    ['the other half, escaped', '"a\\udc00b"'],
    ['two halves in the wrong order', '"\\udc00\\ud800"'],
    ['U+0000, escaped', '"a\\u0000b"'],
  ])('%s is refused as value and as name', async (_, text) => {
    await expectRefused(() => post(bodyWith(`,"description":${text}`)), 'invalid_body')
    await expectRefused(() => post(bodyWith(`,"metadata":{${text}:"v"}`)), 'invalid_body')
  })

  test('a whole surrogate pair is kept, escaped or not', async () => {
    for (const text of ['\\ud83d\\udd11', '🔑']) {
      expect((await post(bodyWith(`,"description":"${text}"`))).body.description).toBe('🔑')
    }
  })

  test('a byte order mark is refused', async () => {
    const { detail } = await expectRefused(() => post(`\ufeff${bodyWith('')}`), 'malformed_json')
    expect(detail).toContain('byte order mark')
  })

  test.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf5, 0x80, 0x80, 0x80]],
    ['a character cut off', [0xe2, 0x82]],
  ])('bytes that are not UTF-8 are refused: %s', async (_, bytes) => {
    const before = await total()
    const answer = await ask(server.app, {
      method: 'POST',
      url: '/keys',
      headers: { 'x-api-key': key(), 'content-type': 'application/json' },
      payload: Buffer.concat([
        Buffer.from(bodyWith(',"description":"').slice(0, -1)),
        Buffer.from(bytes),
        Buffer.from('"}'),
      ]),
    })
    expect({ status: answer.statusCode, code: answer.json().code }).toEqual({
      status: 400,
      code: 'malformed_json',
    })
    expect(answer.json().detail).toContain('UTF-8')
    expect(await total()).toBe(before)
  })

  test('UTF-16 is refused', async () => {
    const answer = await ask(server.app, {
      method: 'POST',
      url: '/keys',
      headers: { 'x-api-key': key(), 'content-type': 'application/json' },
      payload: Buffer.from(`\ufeff${bodyWith('')}`, 'utf16le'),
    })
    expect(answer.json().code).toBe('malformed_json')
  })
})

describe('JSON', () => {
  test.each([
    ['', 'line 1, column 1'],
    ['   ', 'is empty'],
    ['{', 'line 1'],
    ["{'userId':'x'}", 'line 1'],
    ['{"userId":"x",}', 'line 1'],
    ['{userId:"x"}', 'line 1'],
    ['// a comment\n{}', 'line 1'],
    ['{"userId":"x"} {}', 'line 1'],
    ['{"userId":\n\n  nope}', 'line 3, column 4'],
    ['{"userId":"a\nb"}', 'line 1'],
    ['{"userId":"\\x41"}', 'line 1'],
    ['{"userId":NaN}', 'line 1'],
    ['{"userId":Infinity}', 'line 1'],
    ['{"userId":01}', 'line 1'],
    ['{"userId":+1}', 'line 1'],
    ['{"userId":.5}', 'line 1'],
    ['{"userId":0x10}', 'line 1'],
    ['userId=x', 'line 1'],
    ['{}\u00a0', 'line 1'],
  ])('%j is malformed, and the detail says where', async (text, place) => {
    expect((await expectRefused(() => post(text), 'malformed_json')).detail).toContain(place)
  })

  test.each([
    '1',
    '1.0',
    '1e0',
    '-0',
    '1e400',
    '-1e400',
    '9007199254740993',
    '123456789012345678901234567890',
  ])('the number %s stands for no text, list or truth value', async (number) => {
    await expectRefused(() => post(`{"userId":${number}}`), { code: 'invalid_field', pointer: '/userId' })
    for (const [field, code] of [
      ['description', 'invalid_field'],
      ['expiresAt', 'invalid_field'],
      ['whitelistedIPs', 'invalid_ip'],
      ['permissions', 'invalid_field'],
      ['mode', 'invalid_field'],
      ['metadata', 'invalid_field'],
    ] as const) {
      await expectRefused(() => post(bodyWith(`,"${field}":${number}`)), { code, pointer: `/${field}` })
    }
  })
})

describe('nothing is set that is not offered', () => {
  const READ_ONLY = ['id', 'key', 'status', 'companyId', 'createdAt', 'updatedAt', 'deletedAt', 'lastUsedAt']
  const OF_OTHERS = [
    'company_id',
    'role',
    'isOperator',
    'is_operator',
    'fingerprint',
    'version',
    'permission',
  ]

  test.each([...READ_ONLY, 'statusReason', 'createdBy', 'enabled'])(
    'on create, %s is read-only',
    async (name) => {
      const problem = { code: 'read_only_field', pointer: `/${name}` } as const
      await expectRefused(() => post(bodyWith(`,"${name}":"x"`)), problem)
      await expectRefused(() => post(bodyWith(`,"${name}":null`)), problem)
    },
  )

  test.each([...READ_ONLY, 'userId', 'mode', 'createdBy'])('on change, %s is read-only', async (name) => {
    const { body: before } = await server.call({ path: `/keys/${company.users.viewer.keyId}`, key: key() })
    const body = { description: 'changed', [name]: name === 'userId' ? company.users.owner.id : 'x' }
    const path = `/keys/${company.users.viewer.keyId}`
    const answer = await server.call({ method: 'PATCH', path, key: key(), body })
    expectProblem(answer, { code: 'read_only_field', pointer: `/${name}` })
    expect((await server.call({ path, key: key() })).body).toEqual(before)
  })

  test.each([...OF_OTHERS, 'constructor', 'toString', 'hasOwnProperty', 'whitelistedips', 'USERID'])(
    '%s is no field',
    async (name) => {
      await expectRefused(() => post(bodyWith(`,"${name}":"x"`)), {
        code: 'unknown_field',
        pointer: `/${name}`,
      })
    },
  )

  test('__proto__ is no field, and reaches no prototype', async () => {
    for (const value of ['{"userId":"x","isOperator":true}', '"x"', 'null', '[]']) {
      await expectRefused(() => post(bodyWith(`,"__proto__":${value}`)), {
        code: 'unknown_field',
        pointer: '/__proto__',
      })
      // It must not stand in for a field that is missing either.
      await expectRefused(() => post(`{"__proto__":{"userId":"${userId()}"}}`), 'invalid_body')
    }
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as { isOperator?: unknown }).isOperator).toBeUndefined()
  })

  test('constructor.prototype reaches no prototype', async () => {
    await expectRefused(() => post(bodyWith(',"constructor":{"prototype":{"isOperator":true}}')), {
      code: 'unknown_field',
    })
    expect(({} as { isOperator?: unknown }).isOperator).toBeUndefined()
  })

  test('names of Object’s own are ordinary names of metadata', async () => {
    const metadata = { constructor: 'a', toString: 'b', hasOwnProperty: 'c', prototype: 'd', valueOf: 'e' }
    const answer = await post(bodyWith(`,"metadata":${JSON.stringify(metadata)}`))
    expect(answer.status).toBe(201)
    expect(Object.entries((await read(answer.body.id)).metadata)).toEqual(Object.entries(metadata))
  })

  const read = async (id: string): Promise<Parsed> =>
    (await server.call({ path: `/keys/${id}`, key: key() })).body
})

describe('content type', () => {
  test.each(['x', '', '/', 'application', 'application/', ';', 'json', 'a b/c', '\u00fc/x'])(
    '%j, which is none, is 415',
    async (type) => {
      await expectRefused(() => post(bodyWith(''), { 'content-type': type }), 'unsupported_media_type')
    },
  )

  test('none at all is 415', async () => {
    const { 'content-type': _, ...headers } = { 'content-type': '', 'x-api-key': key() }
    const answer = await ask(server.app, { method: 'POST', url: '/keys', headers, payload: bodyWith('') })
    expect(answer.statusCode).toBe(415)
  })

  test('of a request without a body says nothing: only operations that read one look at it', async () => {
    const { id } = await expectCreated(server, { path: '/keys', key: key(), body: { userId: userId() } })
    for (const type of ['x', 'text/plain', 'application/json']) {
      const headers = { 'content-type': type }
      expect((await server.call({ path: `/keys/${id}`, key: key(), headers })).status).toBe(200)
      const removal = { method: 'DELETE', path: `/keys/${id}`, key: key(), text: '{"', headers } as const
      expect((await server.call(removal)).status).toBe(204)
    }
  })

  test.each(['gzip', 'deflate', 'br', 'identity'])(
    'a body declared as %s is not unpacked',
    async (encoding) => {
      const before = await total()
      const answer = await ask(server.app, {
        method: 'POST',
        url: '/keys',
        headers: { 'x-api-key': key(), 'content-type': 'application/json', 'content-encoding': encoding },
        payload: gzipSync(bodyWith('')),
      })
      expect(answer.statusCode).toBeGreaterThanOrEqual(400)
      expect(answer.statusCode).toBeLessThan(500)
      expect(await total()).toBe(before)
    },
  )
})
