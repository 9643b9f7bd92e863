/**
 * However the bytes of a body come, in one packet with their headers or long after them, the same is answered, and by
 * what counts when all of them are there.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import { expectCreated, type Parsed, useTestServer } from '../../harness.ts'

const clock = createFakeClock(Date.now())
const server = useTestServer({}, { clock })
let port: number

beforeAll(async () => {
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
})

type Received = { readonly status: number; readonly body: Parsed }

/** A connection that stays, over which one request is sent after the other, in as many pieces as one likes. */
async function open() {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.setEncoding('utf8')
  const answers: Received[] = []
  let text = ''
  let wake = () => {}
  socket.on('data', (chunk) => {
    text += String(chunk)
    for (;;) {
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
      if (text.length < end + 4 + length) return
      const body = text.slice(end + 4, end + 4 + length)
      answers.push({ status: Number(text.slice(9, 12)), body: body === '' ? undefined : JSON.parse(body) })
      text = text.slice(end + 4 + length)
      wake()
    }
  })
  return {
    socket,
    async next(): Promise<Received> {
      while (answers.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return answers.shift()!
    },
  }
}

type Request = {
  readonly path: string
  readonly key?: string
  readonly text: string
  readonly type?: string
}

const headOf = ({ path, key = server.adminKey, type = 'application/json' }: Request, ...more: string[]) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nContent-Type: ${type}\r\n${more.join('\r\n')}\r\n\r\n`

/** The server has seen what was sent: another request, sent later, was answered. */
async function seen(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    await nextTurn()
  }
}

/** How a body may come after its headers. */
const WAYS: Readonly<Record<string, (socket: Socket, request: Request) => Promise<void>>> = {
  async 'in one packet with its headers'(socket, request) {
    socket.write(headOf(request, `Content-Length: ${Buffer.byteLength(request.text)}`) + request.text)
  },
  async 'in a packet of its own'(socket, request) {
    socket.write(headOf(request, `Content-Length: ${Buffer.byteLength(request.text)}`))
    await seen()
    socket.write(request.text)
  },
  async 'in two halves, the first with its headers'(socket, request) {
    const half = Math.floor(request.text.length / 2)
    const head = headOf(request, `Content-Length: ${Buffer.byteLength(request.text)}`)
    socket.write(head + request.text.slice(0, half))
    await seen()
    socket.write(request.text.slice(half))
  },
  async 'byte by byte'(socket, request) {
    const bytes = headOf(request, `Content-Length: ${Buffer.byteLength(request.text)}`) + request.text
    for (const byte of Buffer.from(bytes)) socket.write(Buffer.of(byte))
  },
  async 'in chunks'(socket, request) {
    const chunk = `${Buffer.byteLength(request.text).toString(16)}\r\n${request.text}\r\n0\r\n\r\n`
    socket.write(headOf(request, 'Transfer-Encoding: chunked') + chunk)
  },
}

let keys: Readonly<Record<'live' | 'listing' | 'deleted', string>>

beforeAll(async () => {
  const make = (body: object = {}) =>
    expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...body } })
  const [live, listing, deleted] = [await make(), await make({ permissions: ['keys:list'] }), await make()]
  await server.call({ method: 'DELETE', path: `/keys/${deleted.id}` })
  keys = { live: live.key, listing: listing.key, deleted: deleted.key }
})

type Case = readonly [what: string, request: () => Request, status: number, seen: Parsed]
const verify = (fields: Partial<Request> = {}): Request => ({
  path: '/verify',
  text: JSON.stringify({ key: keys.live }),
  ...fields,
})

const CASES: readonly Case[] = [
  ['a verification', () => verify(), 200, { code: 'VALID' }],
  ['a creation', () => verify({ path: '/keys', text: `{"userId":"${server.admin.userId}"}` }), 201, {}],
  ['a body with letters of two bytes', () => verify({ text: '{"key":"é"}' }), 200, { code: 'NOT_FOUND' }],
  ['by a key that is deleted', () => verify({ key: keys.deleted }), 401, { code: 'key_inactive' }],
  ['by nobody known', () => verify({ key: 'nonsense' }), 401, { code: 'invalid_credentials' }],
  [
    'by who may not, with a broken body',
    () => verify({ key: keys.listing, text: '{' }),
    403,
    { code: 'missing_permission' },
  ],
  [
    'with a query that is none, and a broken body',
    () => verify({ path: '/verify?a=b', text: '{' }),
    400,
    { code: 'unknown_parameter' },
  ],
  ['with a broken body', () => verify({ text: '{"key":' }), 400, { code: 'malformed_json' }],
  ['with a field too many', () => verify({ text: '{"key":"k","kee":1}' }), 400, { code: 'unknown_field' }],
  [
    'with a body of another type',
    () => verify({ type: 'text/plain' }),
    415,
    { code: 'unsupported_media_type' },
  ],
]

describe.each(Object.entries(WAYS))('a body that comes %s', (_, send) => {
  test.each(CASES)('%s', async (_what, request, status, expected) => {
    const { socket, next } = await open()
    await send(socket, request())
    expect(await next()).toMatchObject({ status, body: expected })
    // Nothing of it is left over for the next.
    await send(socket, verify())
    expect(await next()).toMatchObject({ status: 200, body: { valid: true } })
    socket.destroy()
  })

  test('many, one after the other', async () => {
    const { socket, next } = await open()
    for (let count = 0; count < 20; count++) {
      await send(socket, verify())
      expect((await next()).status).toBe(200)
    }
    socket.destroy()
  })
})

test('several that are sent ahead in one packet are answered in their order', async () => {
  const { socket, next } = await open()
  const requests = [keys.live, 'nonsense', keys.deleted].map((key) =>
    verify({ text: JSON.stringify({ key }) }),
  )
  socket.write(
    requests
      .map((each) => headOf(each, `Content-Length: ${Buffer.byteLength(each.text)}`) + each.text)
      .join(''),
  )
  expect((await next()).body.code).toBe('VALID')
  expect((await next()).body.code).toBe('NOT_FOUND')
  expect((await next()).body.code).toBe('INACTIVE')
  socket.destroy()
})

/** What may become of a credential while the rest of a body is on its way. */
const ENDS: Readonly<Record<string, readonly [end: (id: string) => Promise<unknown>, code: string]>> = {
  'it was deleted': [(id) => server.call({ method: 'DELETE', path: `/keys/${id}` }), 'key_inactive'],
  'it was narrowed': [
    (id) => server.call({ method: 'PATCH', path: `/keys/${id}`, body: { permissions: ['keys:list'] } }),
    'missing_permission',
  ],
  'it has expired': [async () => clock.move(2 * HOUR_MS), 'key_expired'],
  'its secret was replaced, and has ended': [
    async (id) => {
      const body = { overlapSeconds: 60 }
      expect((await server.call({ method: 'POST', path: `/keys/${id}/rotation`, body })).status).toBe(201)
      clock.move(HOUR_MS)
    },
    'key_inactive',
  ],
}

describe('a credential counts by what it is when all of the body is there', () => {
  test.each(Object.entries(ENDS))('%s', async (_, [end, code]) => {
    const expiresAt = new Date(clock.nowMs() + 2 * HOUR_MS).toISOString()
    const made = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, expiresAt },
    })
    const request = verify({ key: made.key })
    const { socket, next } = await open()
    socket.write(headOf(request, `Content-Length: ${request.text.length}`) + request.text.slice(0, -1))
    await seen()
    await end(made.id)
    socket.write(request.text.slice(-1))
    expect((await next()).body.code).toBe(code)
    socket.destroy()
  })
})

test('a use is charged once', async () => {
  const made = await expectCreated(server, {
    path: '/keys',
    body: { userId: server.admin.userId, quota: { limit: 100, period: 'day' } },
  })
  const remaining: number[] = []
  for (const send of Object.values(WAYS)) {
    const { socket, next } = await open()
    await send(socket, verify({ text: JSON.stringify({ key: made.key }) }))
    remaining.push((await next()).body.limits[0].remaining)
    socket.destroy()
  }
  expect(remaining).toEqual(remaining.map((_, index) => 99 - index))
})

test('a credential is judged once for a body that is there, also where it acts for a company that is known', async () => {
  const { admin, adminKey, services } = server
  const request = verify({ path: '/keys', key: adminKey, text: `{"userId":"${admin.userId}"}` })
  const head = headOf(request, `Content-Length: ${request.text.length}`, `X-Company-Id: ${admin.companyId}`)
  const judged = () => services.verifier.hits + services.verifier.loads
  const judgedForOne = async () => {
    const before = judged()
    const { socket, next } = await open()
    socket.write(head + request.text)
    expect((await next()).status).toBe(201)
    socket.destroy()
    return judged() - before
  }
  // The first has to look for the company, and so has one that comes when memory may not answer.
  await expect.poll(judgedForOne).toBe(1)
})
