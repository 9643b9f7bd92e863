/** Clocks are compared with an answer that was long on its way. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStoreDoctor } from '../../src/diagnose/store-doctor.ts'
import { startTestServer, type TestService } from '../harness.ts'

/** Each answer of the database takes so long, and connecting takes several. */
const DELAY_MS = 800

let server: TestService
let far: Server
const sockets: Socket[] = []

beforeAll(async () => {
  server = await startTestServer()
  const { hostname: host, port } = new URL(`${server.databaseUrl}`)
  far = createServer((client) => {
    const upstream = connect({ host, port: Number(port) })
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream)
    upstream.on('data', (bytes) => setTimeout(() => client.write(bytes), DELAY_MS))
  })
  await once(far.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  far.close()
  await server.dispose()
})

test('a database that is far away has no other time', async () => {
  const url = new URL(`${server.databaseUrl}`)
  url.port = String((far.address() as AddressInfo).port)
  const { config, clock } = server.services
  const secretSource = { ...server.services.secretSource, databaseUrl: url.href }
  const { findings } = await createStoreDoctor({ config, secretSource, clock })()
  const levels = Object.fromEntries(findings.map(({ check, level }) => [check, level]))
  expect(levels).toMatchObject({ clock: 'ok', clocks: 'ok' })
})
