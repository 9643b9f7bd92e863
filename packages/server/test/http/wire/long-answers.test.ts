/**
 * Lists and batches whose answers have megabytes: each element is what it is by itself, and one company that asks for
 * many of them, or reads them slowly, has others neither waiting nor refused.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../../harness.ts'

const KEYS = 100
/** As much as fits into a body of 64 KiB; each sign has two in an answer. */
const METADATA = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => [`name ${index}`, `"\\`.repeat(250)]),
)

const server = useTestServer()
let heavy: TestCompany
let other: TestCompany
let keys: Parsed[]
let port: number

beforeAll(async () => {
  heavy = await createTestCompany(server)
  other = await createTestCompany(server)
  keys = []
  for (let count = 0; count < KEYS; count++) {
    const body = { userId: heavy.users.admin.id, metadata: { ...METADATA, count: String(count) } }
    delete (body.metadata as Record<string, string>)['name 49']
    keys.push(await expectCreated(server, { path: '/keys', key: heavy.users.admin.key, body }))
  }
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
})

const asHeavy = (request: TestRequest) => server.call({ key: heavy.users.owner.key, ...request })
const asOther = (request: TestRequest) => server.call({ key: other.users.owner.key, ...request })

describe('each element is what it is by itself', () => {
  test('of a page of keys', async () => {
    const { status, text, body, headers } = await asHeavy({ path: '/keys?limit=100' })
    expect([status, body.count, Number(headers['content-length'])]).toEqual([
      200,
      100,
      Buffer.byteLength(text),
    ])
    expect(text.length).toBeGreaterThan(4_000_000)
    const { id } = keys.at(-1)
    expect(body.data[0]).toEqual((await asHeavy({ path: `/keys/${id}` })).body)
    expect(body.data.map((key: Parsed) => key.metadata.count)).toEqual(
      Array.from({ length: KEYS }, (_, index) => String(KEYS - 1 - index)),
    )
    expect(Object.keys(body)).toEqual(['status', 'total', 'count', 'nextUrl', 'previousUrl', 'data'])
  })

  test('of a search, whose envelope goes on behind the list', async () => {
    const { body } = await asHeavy({ path: '/keys?restricted=false&limit=100' })
    expect(body.data).toHaveLength(100)
    expect(Object.keys(body).slice(-1)).toEqual(['data'])
  })

  test('of a batch', async () => {
    const secrets = keys.map(({ key }) => key)
    const { status, body } = await asHeavy({
      method: 'POST',
      path: '/verify/batch',
      body: { keys: secrets.map((key) => ({ key })) },
    })
    expect(status).toBe(200)
    expect(body.results.map(({ keyId }: Parsed) => keyId)).toEqual(keys.map(({ id }) => id))
    const one = await asHeavy({ method: 'POST', path: '/verify', body: { key: secrets[7] } })
    expect({ ...body.results[7], requestId: '' }).toEqual({ ...one.body, requestId: '' })
  })

  test('of events, and HEAD has no body', async () => {
    expect((await asHeavy({ path: '/audit?limit=100' })).body.data).toHaveLength(100)
    const head = await asHeavy({ method: 'HEAD', path: '/keys?limit=100' })
    expect([head.status, head.text]).toEqual([200, ''])
  })
})

describe('many of them at once', () => {
  test.each<readonly [string, TestRequest]>([
    ['pages', { path: '/keys?limit=100' }],
    ['events', { path: '/audit?limit=100' }],
    ['searches', { path: '/keys?search=nothing&status=all' }],
  ])('%s by one company: another’s requests are answered among the first', async (_, request) => {
    const answered: string[] = []
    const note = (name: string) => (answer: { status: number }) => {
      answered.push(`${name} ${answer.status}`)
      return answer
    }
    const flood = Array.from({ length: 20 }, () =>
      asHeavy({ ...request, from: '192.0.2.1' }).then(note('flood')),
    )
    const quiet = [
      { path: '/keys?limit=1' },
      { path: `/keys/${other.users.viewer.keyId}` },
      { path: '/me' },
      { method: 'POST' as const, path: '/verify', body: { key: other.users.viewer.key } },
    ].map((each) => asOther({ ...each, from: '192.0.2.2' }).then(note('quiet')))
    await Promise.all([...flood, ...quiet])
    expect(answered.filter((each) => each === 'quiet 200')).toHaveLength(4)
    expect(answered.filter((each) => each === 'flood 200')).toHaveLength(20)
    // Behind the flood it would be the last of 24.
    expect(answered.lastIndexOf('quiet 200')).toBeLessThan(8)
  })
})

describe('clients that do not read', () => {
  async function askAndWait(key: string): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(`GET /keys?limit=100 HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\n\r\n`)
    // The head is there; the rest is not taken.
    await once(socket, 'readable')
    return socket
  }

  test('have their own company refused when it holds too much, nobody else, and nobody when they are gone', async () => {
    const sockets: Socket[] = []
    let refused = false
    while (!refused && sockets.length < 40) {
      sockets.push(await askAndWait(heavy.users.viewer.key))
      const { status, body } = await asHeavy({ path: '/keys?limit=100' })
      refused = status === 503 && body.code === 'unavailable'
    }
    expect(refused).toBe(true)
    expect((await asHeavy({ path: '/keys?limit=1&status=inactive' })).status).toBe(200)
    expect((await asOther({ path: '/keys?limit=100' })).status).toBe(200)
    const closed = sockets.map((socket) => once(socket, 'close'))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
    // Until the server has seen all of them leave.
    for (let status = 0; status !== 200; ) status = (await asHeavy({ path: '/keys?limit=100' })).status
  })
})

test.each(['/keys?limit=100', '/usage?by=key', '/usage?by=user'])(
  'who was revoked while %s was made is not given it',
  async (path) => {
    const { key, id } = await expectCreated(server, {
      path: '/keys',
      key: heavy.users.owner.key,
      body: { userId: heavy.users.viewer.id },
    })
    const pages = Array.from({ length: 10 }, () => server.call({ key, path }))
    const statuses: number[] = []
    const counted = pages.map((page) => page.then(({ status }) => statuses.push(status)))
    const { status } = await asHeavy({ method: 'DELETE', path: `/keys/${id}` })
    expect(status).toBe(204)
    const before = statuses.length
    await Promise.all(counted)
    expect(statuses.slice(before)).toEqual(Array(10 - before).fill(401))
  },
)
