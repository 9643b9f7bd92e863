/** One path has one spelling: what a proxy keeps back by its path cannot be asked for in another. */
import { connect } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { useTestServer } from '../../harness.ts'

const server = useTestServer()
let port: number

beforeAll(async () => {
  port = (await server.app.listen({ host: '127.0.0.1', port: 0 })).port
})

/** The status of a request for a target as it stands, byte for byte: a client library would tidy it up. */
function statusOf(target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(Number(text.slice(9, 12))))
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${server.adminKey}\r\nConnection: close\r\n\r\n`,
      'latin1',
    )
  })
}

describe('another spelling of a path is another path', () => {
  test.each([
    '/%6detrics',
    '/%6Detrics',
    '/metric%73',
    '/%6d%65%74%72%69%63%73',
    '/%2fmetrics',
    '/%2e/metrics',
    '/./metrics',
    '/x/../metrics',
    '//metrics',
    '/metrics//',
    '/METRICS',
    '/metrics;x',
    '/metrics%3fx',
    '/metrics%23',
    '/metrics%00',
    '/metrics%20',
    '/metrics.',
    '/\\metrics',
    'http://x/%6detrics',
    'http://x/y/../metrics',
    'http://x/./metrics',
    'http://x//metrics',
    '/%6beys',
    '/key%73?limit=1',
    '/%61udit',
    '/%68ealthz',
    '/doc%73',
    '/openapi%2ejson',
    '/oauth%2ftoken',
    '/.well-known%2fjwks.json',
    '/%2ewell-known/jwks.json',
    '/gateway%2fcheck',
    '/errors/invalid%5ffield',
  ])('%s', async (target) => {
    expect(await statusOf(target)).toBe(404)
  })

  test.each(['/metrics#x', '/metrics#', 'http://x/metrics#y', '/keys#?limit=1'])(
    '%s: a fragment is never sent',
    async (target) => {
      expect(await statusOf(target)).toBe(400)
    },
  )
})

test.each([
  '/metrics',
  '/metrics/',
  '/metrics?x',
  '/metrics?%6d',
  '/metrics?a/../b',
  'http://x/metrics',
  'HTTP://other.example/metrics',
  'https://x/metrics/?y',
])('%s is the path itself', async (target) => {
  expect(await statusOf(target)).toBe(200)
})

test('an id has one spelling too', async () => {
  const { keyId } = server.admin
  expect(await statusOf(`/keys/${keyId}`)).toBe(200)
  expect(await statusOf(`/keys/%6b${keyId.slice(1)}`)).toBe(404)
  expect(await statusOf(`/keys/${keyId}%2f`)).toBe(404)
})

test('what is asked for by another spelling is refused as nothing at all, for every method', async () => {
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'] as const) {
    expectProblem(await server.call({ method, path: '/%6beys' }), 'route_not_found')
  }
})

test('bytes that no URL holds are refused, and not taken for other characters', async () => {
  for (const text of [Buffer.from('Grüße').toString('latin1'), 'Gr\u00fc', '\u0080']) {
    expect(await statusOf(`/keys?search=${text}`)).toBe(400)
  }
  expect(await statusOf('\\metrics')).toBe(400)
})
