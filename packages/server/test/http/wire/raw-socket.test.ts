/**
 * Bytes that no client library sends, on a real connection. What two readers could frame in two ways is refused
 * and the connection closed, so that nothing behind it is taken for a request; the service goes on.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectCreated, type Parsed, useTestServer } from '../../harness.ts'

const server = useTestServer()
let port: number

beforeAll(async () => {
  const address = await server.app.listen({ port: 0, host: '127.0.0.1' })
  port = address.port
})

type Received = {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Parsed
}

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  // A refused client may be cut off while it still writes; what it received until then is what counts.
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends bytes and says that no more will come; answers what came back until the connection was closed. */
const exchange = (...pieces: readonly string[]): Promise<string> => send(pieces, (socket) => socket.end())

/** Sends requests, the last with Connection: close, and stays until the service has closed. */
const converse = (...pieces: readonly string[]): Promise<string> => send(pieces, () => {})

/** Sends bytes and leaves the service waiting for more. */
const stall = (...pieces: readonly string[]): Promise<string> => send(pieces, () => {})

async function send(pieces: readonly string[], afterwards: (socket: Socket) => void): Promise<string> {
  const socket = await open()
  const received: Buffer[] = []
  socket.on('data', (bytes) => received.push(bytes))
  const closed = once(socket, 'close')
  for (const piece of pieces) socket.write(piece, 'latin1')
  afterwards(socket)
  await closed
  return Buffer.concat(received).toString('utf8')
}

/** The answers of a connection, framed by their Content-Length. */
function answersIn(text: string): Received[] {
  const answers: Received[] = []
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) throw new Error(`no end of headers in ${rest}`)
    const [statusLine = '', ...lines] = rest.subarray(0, end).toString().split('\r\n')
    const headers = new Map(
      lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*: ?/, '')]),
    )
    const length = Number(headers.get('content-length') ?? 0)
    const body = rest.subarray(end + 4, end + 4 + length).toString()
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
    answers.push({ status, headers, body: body === '' ? undefined : JSON.parse(body) })
    rest = rest.subarray(end + 4 + length)
  }
  return answers
}

function expectRefused(answer: Received | undefined, code: string): void {
  expect(answer?.body).toMatchObject({ code, type: `/errors/${code}`, status: answer?.status })
  expect(answer?.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(answer?.headers.get('x-request-id')).toBe(answer?.body.requestId)
  expect(answer?.headers.get('cache-control')).toBe('no-store')
}

async function expectAlive(): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/me`, { headers: { 'x-api-key': server.adminKey } })
  expect(answer.status).toBe(200)
}

/** A whole request that would be answered 200, were it taken for one. */
const hidden = () => `GET /me HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${server.adminKey}\r\n\r\n`
const post = (...lines: string[]) => `POST /verify HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`
const get = (...lines: string[]) => `GET /me HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const chunked = 'Transfer-Encoding: chunked'

describe('a request framed in two ways is refused, and nothing behind it is read', () => {
  test.each<readonly [name: string, bytes: string]>([
    ['Content-Length before Transfer-Encoding', `${post('Content-Length: 4', chunked)}0\r\n\r\n`],
    ['Transfer-Encoding before Content-Length', `${post(chunked, 'Content-Length: 4')}0\r\n\r\n`],
    ['two lengths', `${post('Content-Length: 0', 'Content-Length: 4')}abcd`],
    ['one length twice', `${post('Content-Length: 4', 'Content-Length: 4')}abcd`],
    ['lengths in a list', `${post('Content-Length: 4, 4')}abcd`],
    ['a length with a sign', `${post('Content-Length: +4')}abcd`],
    ['a negative length', `${post('Content-Length: -4')}abcd`],
    ['a length in hexadecimal', `${post('Content-Length: 0x4')}abcd`],
    ['a length with a space inside', `${post('Content-Length: 1 2')}abcd`],
    ['a length beyond counting', `${post('Content-Length: 99999999999999999999999')}abcd`],
    ['chunked not last', `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n`],
    ['another encoding', `${post('Transfer-Encoding: identity')}0\r\n\r\n`],
    ['almost chunked', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`],
    ['chunked with a control character', `${post('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`],
    ['a chunk size that is no number', `${post(chunked)}zz\r\n\r\n0\r\n\r\n`],
    ['a negative chunk size', `${post(chunked)}-1\r\n\r\n0\r\n\r\n`],
    ['a chunk size with a prefix', `${post(chunked)}0x4\r\nabcd\r\n0\r\n\r\n`],
    ['a chunk size beyond counting', `${post(chunked)}fffffffffffffffff\r\nabcd\r\n0\r\n\r\n`],
    ['a chunk ended by a line feed alone', `${post(chunked)}4\nabcd\n0\n\n`],
    ['a folded header', get('Host: a', 'X-Folded: b\r\n c')],
    ['a folded length', `${post('Content-Length:\r\n 4')}abcd`],
    ['a space before the colon', get('Host: a', 'Content-Length : 4')],
    ['a tab before the colon', get('Host: a', `Transfer-Encoding\t: chunked`)],
    ['a header line that begins with a space', get(' Host: a')],
    ['a header without a name', get('Host: a', ': b')],
    ['a header without a colon', get('Host: a', 'nonsense')],
    ['NUL in a value', get('Host: a', 'X-Api-Key: a\x00b')],
    ['NUL in a name', get('Host: a', 'X-A\x00: b')],
    ['a carriage return in a value', get('Host: a', 'X-A: b\rX-B: c')],
    ['a control character in a name', get('Host: a', 'X-\x07A: b')],
    ['a non-ASCII name', get('Host: a', 'X-\xe4: b')],
  ])('%s', async (_, bytes) => {
    const answers = answersIn(await exchange(bytes, hidden()))
    expect(answers).toHaveLength(1)
    expectRefused(answers[0], 'malformed_request')
    expect(answers[0]?.status).toBe(400)
    await expectAlive()
  })
})

describe('a request that does not say plainly which host it is for is refused', () => {
  test.each<readonly [name: string, bytes: string]>([
    ['two Hosts', get('Host: a', 'Host: b')],
    ['one Host twice', get('Host: a', 'Host: a')],
    ['no Host', get('X-A: b')],
    ['an empty Host', get('Host: ')],
    ['a Host with a path', get('Host: a/b')],
    ['a Host with a user', get('Host: a@b')],
    ['a Host with a space', get('Host: a b')],
    ['a Host in a list', get('Host: a, b')],
  ])('%s', async (_, bytes) => {
    const answers = answersIn(await exchange(bytes))
    expect(answers).toHaveLength(1)
    expectRefused(answers[0], 'malformed_request')
    await expectAlive()
  })
})

test('a body that turns out to be no body is refused or cut off, and does nothing', async () => {
  const body = JSON.stringify({ userId: server.admin.userId })
  const total = async () => (await server.call({ path: '/keys?limit=1' })).body.total
  const before = await total()
  const lines = [`X-API-KEY: ${server.adminKey}`, 'Content-Type: application/json', chunked]
  const size = body.length.toString(16)
  for (const chunks of [
    `${size}\r\n${body}abcd\r\n0\r\n\r\n`,
    `${size}\r\n${body}\r\nzz\r\n\r\n`,
    `${size}\r\n${body}\r\n0\r\nX-A\x00: b\r\n\r\n`,
  ]) {
    const answers = answersIn(await exchange(post(...lines).replace('/verify', '/keys'), chunks, hidden()))
    for (const answer of answers) expectRefused(answer, 'malformed_request')
    expect(answers.length).toBeLessThanOrEqual(1)
  }
  expect(await total()).toBe(before)
})

describe('what is no HTTP/1.1 request is refused or cut off', () => {
  test.each<readonly [name: string, bytes: string]>([
    ['noise', '\x00\x01\x02\x03\xff\xfe\r\n\r\n'],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/0.9', 'GET /me\r\n\r\n'],
    ['another version', 'GET /me HTTP/3.7\r\nHost: a\r\n\r\n'],
    ['a made-up method', 'STEAL /me HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method in small letters', 'get /me HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no path', 'GET HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a path without a slash', 'GET me HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a space in the path', 'GET /m e HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['NUL in the path', 'GET /me\x00 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%s', async (_, bytes) => {
    const text = await exchange(bytes, hidden())
    for (const answer of answersIn(text)) expectRefused(answer, 'malformed_request')
    expect(answersIn(text).length).toBeLessThanOrEqual(1)
    await expectAlive()
  })
})

describe('what is allowed, though rare, is one request', () => {
  const key = () => `X-API-KEY: ${server.adminKey}`
  const last = 'Connection: close'

  test.each<readonly [name: string, bytes: () => string, status: number]>([
    ['HTTP/1.0 without Host', () => `GET /me HTTP/1.0\r\n${key()}\r\n\r\n`, 200],
    ['header names in any letter case', () => get('hOsT: a', `x-ApI-kEy: ${server.adminKey}`, last), 200],
    ['spaces around a value', () => get('Host: a', `X-API-KEY:   ${server.adminKey}  `, last), 200],
    ['empty lines before a request', () => `\r\n\r\n${get('Host: a', key(), last)}`, 200],
    ['an upgrade that is not taken', () => get('Host: a', key(), 'Upgrade: websocket', last), 200],
    ['OPTIONS of everything', () => `OPTIONS * HTTP/1.1\r\nHost: a\r\n${last}\r\n\r\n`, 404],
    ['dots in the path', () => `GET /keys/../me HTTP/1.1\r\nHost: a\r\n${key()}\r\n${last}\r\n\r\n`, 404],
    ['a path of slashes', () => `GET //me HTTP/1.1\r\nHost: a\r\n${key()}\r\n${last}\r\n\r\n`, 404],
    ['an expectation nobody knows', () => get('Host: a', key(), 'Expect: miracles', last), 200],
    ['an address no link could lead to', () => get('Host: 999.1.1.1', key(), last), 400],
    ['a port there is not', () => get('Host: a:99999', key(), last), 400],
    [
      'OPTIONS of an absolute form',
      () => `OPTIONS http://b/keys HTTP/1.1\r\nHost: a\r\n${last}\r\n\r\n`,
      204,
    ],
    [
      'OPTIONS of another spelling',
      () => `OPTIONS http://b/%6beys HTTP/1.1\r\nHost: a\r\n${last}\r\n\r\n`,
      404,
    ],
    ['another method of one', () => `DELETE http://b/keys HTTP/1.1\r\nHost: a\r\n${last}\r\n\r\n`, 405],
    ['a path that is no URI', () => `GET /%zz HTTP/1.1\r\nHost: a\r\n${last}\r\n\r\n`, 404],
  ])('%s', async (_, bytes, status) => {
    const answers = answersIn(await converse(bytes()))
    expect(answers.map((answer) => answer.status)).toEqual([status])
    if (status === 404) expectRefused(answers[0], 'route_not_found')
  })

  test('a chunked body, with extensions and trailers, which are no headers', async () => {
    const body = JSON.stringify({ key: 'x' })
    const [answer] = answersIn(
      await converse(
        post(key(), 'Content-Type: application/json', chunked, last),
        `${body.length.toString(16)};name=value\r\n${body}\r\n0\r\nX-Company-Id: cmp_x\r\n\r\n`,
      ),
    )
    expect(answer).toMatchObject({ status: 200, body: { code: 'NOT_FOUND' } })
  })

  test('the absolute form: the host in it is not believed', async () => {
    for (let count = 0; count < 2; count++) {
      await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    }
    const line = 'GET http://elsewhere.example/keys?limit=1 HTTP/1.1'
    const [answer] = answersIn(await converse(`${line}\r\nHost: a\r\n${key()}\r\n${last}\r\n\r\n`))
    expect(answer?.status).toBe(200)
    expect(answer?.body.nextUrl).toMatch(/^http:\/\/a\/keys\?/)
  })

  test('a body that comes byte by byte', async () => {
    const body = JSON.stringify({ key: 'x' })
    const head = post(key(), 'Content-Type: application/json', `Content-Length: ${body.length}`, last)
    const [answer] = answersIn(await converse(...(head + body)))
    expect(answer).toMatchObject({ status: 200, body: { code: 'NOT_FOUND' } })
  })
})

describe('a body that nobody reads is not taken for a request', () => {
  const bodyLines = () => ['Host: a', `Content-Length: ${hidden().length}`]

  test.each<readonly [name: string, head: () => Promise<string>, status: number]>([
    [
      'DELETE',
      async () => {
        const { id } = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
        return `DELETE /keys/${id} HTTP/1.1\r\nX-API-KEY: ${server.adminKey}`
      },
      204,
    ],
    ['GET', async () => `GET /me HTTP/1.1\r\nX-API-KEY: ${server.adminKey}`, 200],
    ['POST without a credential', async () => 'POST /keys HTTP/1.1', 401],
    ['POST to nowhere', async () => 'POST /nowhere HTTP/1.1', 404],
    ['a method that is not there', async () => 'PUT /keys HTTP/1.1', 405],
    ['POST of another type', async () => `POST /keys HTTP/1.1\r\nX-API-KEY: ${server.adminKey}`, 415],
  ])('%s', async (_, head, status) => {
    const first = `${await head()}\r\n${bodyLines().join('\r\n')}\r\n\r\n${hidden()}`
    const second = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const answers = answersIn(await converse(first, second))
    expect(answers.map((answer) => answer.status)).toEqual([status, 200])
    expect(answers[1]?.body).toEqual({ status: 'ok' })
  })
})

describe('limits', () => {
  test.each<readonly [name: string, bytes: string]>([
    ['a header of 20 KiB', get('Host: a', `X-A: ${'b'.repeat(20_480)}`)],
    ['a path of 20 KiB', `GET /${'b'.repeat(20_480)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a header that never ends', `GET /me HTTP/1.1\r\nHost: a\r\nX-A: ${'b'.repeat(100_000)}`],
    [
      '65 headers',
      get('Host: a', 'Connection: close', ...Array.from({ length: 63 }, (_, index) => `X-${index}: b`)),
    ],
    [
      'a thousand headers',
      get('Host: a', 'Connection: close', ...Array.from({ length: 998 }, () => 'X-A: b')),
    ],
  ])('%s: 431', async (_, bytes) => {
    const answers = answersIn(await converse(bytes))
    expect(answers).toHaveLength(1)
    expectRefused(answers[0], 'headers_too_large')
    expect(answers[0]?.status).toBe(431)
    await expectAlive()
  })

  test('64 headers are read', async () => {
    const others = Array.from({ length: 61 }, (_, index) => `X-${index}: b`)
    const text = await converse(
      get('Host: a', 'Connection: close', `X-API-KEY: ${server.adminKey}`, ...others),
    )
    expect(answersIn(text).map(({ status }) => status)).toEqual([200])
  })

  test('a body beyond 64 KiB is 413 while it is still coming', async () => {
    const head = post(`X-API-KEY: ${server.adminKey}`, 'Content-Type: application/json', chunked)
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
    const [answer] = answersIn(await converse(head, ...Array.from({ length: 5 }, () => chunk), '0\r\n\r\n'))
    expectRefused(answer, 'payload_too_large')
  })
})

/** These take as long as the limits themselves, side by side. */
describe.concurrent('a client that stalls is answered 408 and let go', () => {
  test.each<readonly [name: string, bytes: string]>([
    ['in the request line', 'GET /m'],
    ['in the headers', 'GET /me HTTP/1.1\r\nHost: a\r\nX-A: '],
    [
      'in the body',
      'POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('%s', async (_, bytes) => {
    const answers = answersIn(await stall(bytes))
    expectRefused(answers[0], 'request_timeout')
    expect(answers.map(({ status }) => status)).toEqual([408])
  })

  test('sooner in the headers than in the body', async () => {
    let isBodyAnswered = false
    const head =
      'POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n'
    const body = stall(head).then(() => {
      isBodyAnswered = true
    })
    await stall('GET /me HTTP/1.1\r\nHost: a\r\nX-A: ')
    // Time enough for the other to be answered, were both looked at by one limit.
    for (let count = 0; count < 5; count++) await expectAlive()
    expect(isBodyAnswered).toBe(false)
    await body
  })

  test('having said nothing at all', async () => {
    const answers = answersIn(await stall())
    for (const answer of answers) expectRefused(answer, 'request_timeout')
  })

  test('while everyone else is served', async () => {
    const stalled = await Promise.all(Array.from({ length: 200 }, open))
    for (const socket of stalled) socket.write('GET /me HTTP/1.1\r\nHost: a\r\nX-A: ')
    await expectAlive()
    for (const socket of stalled) socket.destroy()
  })
})

test('clients that leave in the middle leave nothing behind', async () => {
  for (const bytes of ['', 'GET', get('Host: a').slice(0, -2), `${post('Content-Length: 100')}abc`]) {
    const socket = await open()
    socket.write(bytes)
    socket.resetAndDestroy()
    const ended = await open()
    ended.end(bytes)
    ended.resume()
    await once(ended, 'close')
  }
  await expectAlive()
  expect(server.logged.filter((line) => line.includes('request_failed'))).toEqual([])
})

test.each([
  ['no HTTP at all', 'rubbish\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`, 431],
])('%s: what it was answered is counted, and the log has its id', async (_name, bytes, status) => {
  const series = `latchkey_request_duration_seconds_count{operation="none",status="${status}"}`
  const counted = async () => {
    const { text } = await server.call({ path: '/metrics', key: null })
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(series))
        ?.split(' ')
        .at(-1) ?? 0,
    )
  }
  const before = await counted()
  const [answer] = answersIn(await exchange(bytes))
  expect(answer?.status).toBe(status)
  expect(await counted()).toBe(before + 1)
  const line = server.logged.find((one) => one.includes(answer?.body.requestId))
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    event: 'request',
    operation: 'none',
    status,
    code: answer?.body.code,
    address: '127.0.0.1',
  })
})
