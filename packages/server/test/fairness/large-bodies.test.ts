/**
 * Large bodies, however many come at once, are taken in a few at a time and understood one after the other, and
 * verifications go between them.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { createTestCompany, type TestCompany, useTestServer } from '../harness.ts'

/** As many of one company as are taken in at once. */
const TAKEN_IN = 4

const server = useTestServer()
let port: number
let company: TestCompany
let other: TestCompany

beforeAll(async () => {
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
  company = await createTestCompany(server)
  other = await createTestCompany(server)
})

const LARGE = JSON.stringify({ keys: Array.from({ length: 100 }, () => ({ key: 'x'.repeat(2_000) })) })

type Sent = { readonly socket: Socket; readonly answer: Promise<number>; isAnswered(): boolean }

/** A request of which some bytes are sent; `answer` is its status. */
async function begin(head: string, body: string): Promise<Sent> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let isAnswered = false
  const answer = once(socket, 'data').then(([bytes]) => {
    isAnswered = true
    return Number(String(bytes).slice(9, 12))
  })
  socket.write(head + body)
  return { socket, answer, isAnswered: () => isAnswered }
}

const headOf = (key: string, length: number) =>
  `POST /verify/batch HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${length}\r\n\r\n`

/** A large batch without its last byte. */
const beginLarge = (key: string): Promise<Sent> => begin(headOf(key, LARGE.length), LARGE.slice(0, -1))

/** The service has seen what was sent, and has worked on what it could. */
async function seen(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    for (let each = 0; each < 20; each++) await nextTurn()
  }
}

/** What was answered since, in the order of the answers. */
function answeredSince(lines: number): string[] {
  return server.logged
    .slice(lines)
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'request')
    .map(({ operation }) => operation)
}

test('a verification that comes behind large bodies is answered before they are', async () => {
  const { owner } = company.users
  const sent: Sent[] = []
  for (let count = 0; count < TAKEN_IN; count++) sent.push(await beginLarge(owner.key))
  await seen()
  const lines = server.logged.length
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const verified = once(socket, 'data')
  // In one turn, and in this order.
  for (const each of sent) each.socket.write('}')
  socket.write(`GET /gateway/check HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${other.users.viewer.key}\r\n\r\n`)
  expect(await Promise.all(sent.map(({ answer }) => answer))).toEqual(sent.map(() => 200))
  await verified
  const answered = answeredSince(lines)
  expect(answered).toHaveLength(TAKEN_IN + 1)
  expect(answered[0]).toMatch(/gateway/)
  for (const each of sent) each.socket.destroy()
  socket.destroy()
})

test('whoever leaves makes room for the next', async () => {
  const { owner } = company.users
  const slow: Sent[] = []
  for (let count = 0; count < TAKEN_IN; count++) {
    const each = await beginLarge(owner.key)
    each.answer.catch(() => {})
    slow.push(each)
  }
  await seen()
  const next = await begin(headOf(owner.key, LARGE.length), LARGE)
  await seen()
  expect(next.isAnswered()).toBe(false)
  slow[0]!.socket.destroy()
  expect(await next.answer).toBe(200)
  for (const { socket } of [...slow, next]) socket.destroy()
})
