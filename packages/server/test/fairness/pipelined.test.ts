/** One connection that sends very many requests ahead does not take the place of others. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'

const AHEAD_MAX = 100

let company: TestCompany
let port: number

const server = useTestServer()
beforeAll(async () => {
  company = await createTestCompany(server)
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
})

type Sent = { readonly method: string; readonly path: string; readonly body?: string }

/** Sends all at once over one connection, while no change can begin; answers their statuses in order. */
async function statusesOf(requests: readonly Sent[]): Promise<number[]> {
  const held = await holdCompanyRow(server, company.id)
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  let received = ''
  const closed = once(socket, 'close')
  socket.setEncoding('latin1').on('data', (text) => {
    received += String(text)
  })
  const texts = requests.map(({ method, path, body = '' }, index) => {
    const close = index === requests.length - 1 ? 'Connection: close\r\n' : ''
    return (
      `${method} ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${company.users.owner.key}\r\n${close}` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    )
  })
  socket.write(texts.join(''))
  await held.untilWaiting(1)
  await held.release()
  await closed
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

const many = (count: number, sent: Sent): Sent[] => Array.from({ length: count }, () => sent)

test.each<[string, () => Promise<Sent> | Sent, number]>([
  ['deletions', async () => ({ method: 'DELETE', path: `/keys/${await newKey()}` }), 204],
  [
    'changes',
    async () => ({ method: 'PATCH', path: `/keys/${await newKey()}`, body: '{"enabled":false}' }),
    200,
  ],
  [
    'creations',
    () => ({ method: 'POST', path: '/keys', body: `{"userId":"${company.users.owner.id}"}` }),
    201,
  ],
])('of many %s sent ahead the first hundred are done, and the rest refused', async (_what, make, status) => {
  const sent = await make()
  const statuses = await statusesOf(many(AHEAD_MAX + 20, sent))
  expect(statuses.slice(0, AHEAD_MAX)).toEqual(Array.from({ length: AHEAD_MAX }, () => status))
  expect(statuses.slice(AHEAD_MAX)).toEqual(Array.from({ length: 20 }, () => 503))
})

test('a hundred ahead are all done, and so are more when those are answered', async () => {
  const sent = { method: 'DELETE', path: `/keys/${await newKey()}` }
  for (let round = 0; round < 2; round++) {
    expect(new Set(await statusesOf(many(AHEAD_MAX, sent)))).toEqual(new Set([204]))
  }
})

async function newKey(): Promise<string> {
  const request = { path: '/keys', key: company.users.owner.key, body: { userId: company.users.owner.id } }
  return (await expectCreated(server, request)).id
}
