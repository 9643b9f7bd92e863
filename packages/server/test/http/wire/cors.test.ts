/** Only a page of an origin that the operator listed may read an answer, or send anything that needs a preflight. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestService } from '../../harness.ts'

const LISTED = 'https://app.example.com'
const ALSO_LISTED = 'http://localhost:3000'
const OTHERS = [
  'https://evil.example.com',
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://APP.example.com',
  'https://app.example.com/',
  'https://example.com',
  'http://localhost',
  'null',
  '*',
  '',
]

let server: TestService
let closed: TestService

beforeAll(async () => {
  server = await startTestServer({ LATCHKEY_CORS_ORIGINS: `${LISTED}, ${ALSO_LISTED}` })
  closed = await startTestServer()
})
afterAll(async () => {
  await server.dispose()
  await closed.dispose()
})

const corsHeaders = (headers: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))
const varies = ({ vary }: Readonly<Record<string, unknown>>) => String(vary ?? '').split(/, */)

const ask = (service: TestService, origin: string | undefined, path = '/me') =>
  service.call({ path, headers: origin === undefined ? {} : { origin } })
const preflight = (service: TestService, origin: string | undefined, path = '/keys') =>
  service.call({
    method: 'OPTIONS',
    path,
    key: null,
    headers: {
      ...(origin === undefined ? {} : { origin }),
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-api-key, content-type',
    },
  })

const READABLE = 'ETag, Idempotent-Replayed, Link, Location, Retry-After, X-Request-Id'

describe('a page of a listed origin', () => {
  test.each([LISTED, ALSO_LISTED])(
    '%s may read answers, and what of their headers is of use',
    async (origin) => {
      for (const path of ['/me', '/keys?limit=1', '/nowhere', '/health']) {
        const { headers } = await ask(server, origin, path)
        expect(corsHeaders(headers)).toEqual({
          'access-control-allow-origin': origin,
          'access-control-expose-headers': READABLE,
        })
        expect(varies(headers)).toContain('Origin')
      }
    },
  )

  test('may read a refusal, too', async () => {
    const { status, headers } = await server.call({ path: '/me', key: null, headers: { origin: LISTED } })
    expect(status).toBe(401)
    expect(headers['access-control-allow-origin']).toBe(LISTED)
  })

  test('may send what a preflight asks for, by the methods of the path', async () => {
    const { status, headers } = await preflight(server, LISTED)
    expect(status).toBe(204)
    expect(corsHeaders(headers)).toEqual({
      'access-control-allow-origin': LISTED,
      'access-control-expose-headers': READABLE,
      'access-control-allow-methods': headers.allow,
      'access-control-allow-headers':
        'Authorization, Content-Type, Idempotency-Key, If-Match, X-API-KEY, X-Company-Id',
      'access-control-max-age': '600',
    })
    expect(headers.allow).toContain('POST')
    expect(headers.allow).not.toContain('PATCH')
  })

  test('sends no cookies: the service has none', async () => {
    const { headers } = await preflight(server, LISTED)
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })
})

describe('a page of any other origin', () => {
  test.each(OTHERS)('%j may read nothing', async (origin) => {
    const { status, headers } = await ask(server, origin)
    expect(status).toBe(200)
    expect(corsHeaders(headers)).toEqual({})
    // A cache must not hand this answer to a page of a listed origin, or the other way round.
    expect(varies(headers)).toContain('Origin')
  })

  test.each(OTHERS)('%j is promised nothing by a preflight', async (origin) => {
    expect(corsHeaders((await preflight(server, origin)).headers)).toEqual({})
  })

  test('is every origin while none is listed', async () => {
    for (const origin of [LISTED, ...OTHERS]) {
      expect(corsHeaders((await ask(closed, origin)).headers)).toEqual({})
      expect(corsHeaders((await preflight(closed, origin)).headers)).toEqual({})
    }
    expect(varies((await ask(closed, LISTED)).headers)).not.toContain('Origin')
  })
})

test('whoever is no page is answered as ever', async () => {
  const { status, headers } = await ask(server, undefined)
  expect(status).toBe(200)
  expect(corsHeaders(headers)).toEqual({})
  expect(varies(headers)).toContain('Origin')
  expect(corsHeaders((await preflight(server, undefined)).headers)).toEqual({})
})
