/** A gateway understands the answer to a request that never became one: headers without end, bytes that are no HTTP. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestService } from '../harness.ts'
import { denied, expectEveryHeader, verdictOf } from './verdict-checks.ts'

/** More than a socket is read at once, so that what is too large is seen in a later packet than the request line. */
const LARGE_MAX = 131_072
const CLIENT = '198.51.100.7'

let server: TestService
let port: number
let spacious: TestService
let spaciousPort: number

beforeAll(async () => {
  const settings = { LATCHKEY_TRUSTED_PROXIES: '127.0.0.1/32' }
  server = await startTestServer(settings)
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
  spacious = await startTestServer({ ...settings, LATCHKEY_HEADER_BYTES: String(LARGE_MAX) })
  spaciousPort = (await spacious.app.listen({ port: 0, host: '127.0.0.1' })).port
})
afterAll(async () => {
  await server.dispose()
  await spacious.dispose()
})

type Received = { readonly status: number; readonly headers: Record<string, string>; readonly text: string }

/** Every answer on a connection until the service closes it. Each text is sent when the one before it is answered. */
async function converse(to: number, ...texts: readonly string[]): Promise<Received[]> {
  const socket = connect({ port: to, host: '127.0.0.1' })
  // Who sends too much may be cut off while it still writes.
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  let received = ''
  let answered = 0
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1')
    const complete = answersIn(received).length
    for (; answered < complete; answered++) {
      if (texts[answered + 1] !== undefined) socket.write(texts[answered + 1]!, 'latin1')
    }
  })
  socket.write(texts[0]!, 'latin1')
  await closed
  return answersIn(received)
}

function answersIn(text: string): Received[] {
  const answers: Received[] = []
  let rest = text
  for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*: ?/, '')]),
    )
    const bodyEnd = end + 4 + Number(headers['content-length'] ?? 0)
    if (rest.length < bodyEnd) break
    answers.push({ status: Number(first.split(' ')[1]), headers, text: rest.slice(end + 4, bodyEnd) })
    rest = rest.slice(bodyEnd)
  }
  return answers
}

const request = (target: string, ...lines: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, 'Host: a', `X-Forwarded-For: ${CLIENT}`, ...lines, '', ''].join('\r\n')
const cookies = (bytes: number) => `Cookie: ${'session=abcdefgh; '.repeat(bytes / 18)}x=y`

function expectRefused(answer: Received | undefined, told: string): void {
  expect(answer?.status).toBe(401)
  expect(verdictOf(answer!)).toEqual(denied(401, 'invalid_credentials'))
  expectEveryHeader(answer!)
  expect(answer?.headers['www-authenticate']).toContain('Bearer realm="latchkey"')
  expect(answer?.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect(JSON.parse(answer!.text).detail).toContain(told)
}

const TOO_LARGE = 'larger than 16384 bytes'
const NO_HTTP = 'not a valid HTTP/1.1 request'

describe.each([
  '/gateway/check',
  '/gateway/check?permission=orders:read',
  '/gateway/nginx',
  '/gateway/envoy?path=/orders?id=7',
  '/gateway/envoy/orders',
  'http://latchkey:7070/gateway/check',
])('%s answers as a refusal, with every header:', (target) => {
  test.each([
    ['17 kB of cookies', () => request(target, cookies(17_000)), TOO_LARGE],
    ['200 kB of cookies', () => request(target, cookies(200_000)), TOO_LARGE],
    ['a key of 20 kB', () => request(target, `X-API-KEY: ${'k'.repeat(20_000)}`), TOO_LARGE],
    ['a path of 20 kB', () => request(`${target}${'a'.repeat(20_000)}`), TOO_LARGE],
    ['headers that do not end', () => `${request(target).slice(0, -2)}X-A: ${'b'.repeat(20_000)}`, TOO_LARGE],
    ['a control character', () => request(target, 'X-A: a\x01b'), NO_HTTP],
    ['a space before a colon', () => request(target, 'X-A : b'), NO_HTTP],
    ['a header without a name', () => request(target, ': b'), NO_HTTP],
    ['two lengths', () => request(target, 'Content-Length: 1', 'Content-Length: 2'), NO_HTTP],
    ['an unknown version', () => request(target).replace('HTTP/1.1', 'HTTP/1.9'), NO_HTTP],
    ['another method', () => request(target, cookies(17_000)).replace('GET', 'M-SEARCH'), TOO_LARGE],
  ])('%s', async (_what, text, told) => {
    const [answer, ...more] = await converse(port, text())
    expectRefused(answer, told)
    expect(more).toEqual([])
  })
})

test.each([
  ['1', 'PROXY TCP4 198.51.100.7 10.0.0.1 52044 7070\r\n'],
  ['1 of a health check', 'PROXY UNKNOWN\r\n'],
  ['2', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc6\x33\x64\x07\x0a\0\0\x01\xcb\x4c\x1b\x9e'],
])('the PROXY protocol, version %s, is named, and makes nobody a client', async (_, bytes) => {
  const [answer, ...more] = await converse(port, `${bytes}${request('/me')}`)
  expect(answer?.status).toBe(400)
  expect(JSON.parse(answer!.text).detail).toContain('switch it off')
  expect(more).toEqual([])
})

test('what came in an earlier packet is known where a gateway has asked on the connection before', async () => {
  const key = `X-API-KEY: ${spacious.adminKey}`
  const large = request('/gateway/check', key, cookies(200_000))
  const [first, second] = await converse(spaciousPort, request('/gateway/check', key), large)
  expect(first?.status).toBe(200)
  expectRefused(second, `larger than ${LARGE_MAX} bytes`)
})

test('more headers are read where the setting allows it', async () => {
  const lines = [`X-API-KEY: ${spacious.adminKey}`, cookies(100_000), 'Connection: close']
  const [answer] = await converse(spaciousPort, request('/gateway/check', ...lines))
  expect(verdictOf(answer!)).toMatchObject({ status: '200', 'key-id': spacious.admin.keyId })
})

test.each(['/me', '/gateways', '/keys?x=/gateway/check', '/docs/gateway/check'])(
  '%s is no endpoint for gateways, and answers as ever',
  async (target) => {
    for (const [text, status] of [
      [request(target, cookies(17_000)), 431],
      [request(target, 'X-A: a\x01b'), 400],
    ] as const) {
      const [answer] = await converse(port, text)
      expect(answer?.status).toBe(status)
      expect(answer?.headers['x-auth-status']).toBeUndefined()
    }
  },
)
