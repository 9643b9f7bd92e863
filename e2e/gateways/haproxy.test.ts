import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { sendBehindLine } from './client.ts'
import { documentedFile, documentedInFront, readDocumented } from './documented.ts'
import { describeInFront } from './front-guarantees.ts'
import { describeGuarantees } from './guarantees.ts'
import { findProgram, printed, startProgram } from './processes.ts'
import {
  FRONT,
  type Gateway,
  MOST_PERMISSIONS,
  OUTSIDE,
  type Rig,
  startRig,
  valuesOf,
  withKey,
} from './rig.ts'

const HAPROXY = findProgram('haproxy')

const gateway: Gateway = {
  name: 'HAProxy',
  async missing() {
    if (process.platform !== 'linux') return 'needs Linux, where 127.0.0.2 is an address'
    if (HAPROXY === undefined) return 'HAProxy is not installed (Debian: apt-get install haproxy)'
    const built = await printed(HAPROXY, ['-vv'])
    if (!built.includes('Built with Lua')) return `${HAPROXY} is built without Lua`
    const [, major, minor] = /version (\d+)\.(\d+)/.exec(built) ?? []
    const isNew = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6)
    return isNew ? undefined : `${HAPROXY} is older than 2.6`
  },
  writing: { method: 'POST' },
  hidden: [],
  start: (home, ports) => start(home, ports, {}),
}

/** `changes`: what else an operator has changed. */
function start(
  home: string,
  ports: Parameters<Gateway['start']>[1],
  changes: Readonly<Record<string, string>>,
) {
  const file = join(home, 'haproxy.cfg')
  const text = readDocumented('haproxy.cfg', {
    '127.0.0.1:8080': `127.0.0.1:${ports.gateway}`,
    '127.0.0.1:7070': `127.0.0.1:${ports.latchkey}`,
    '127.0.0.1:3000': `127.0.0.1:${ports.application}`,
    '/etc/haproxy/latchkey.lua': documentedFile('latchkey.lua'),
    ...changes,
  })
  writeFileSync(file, text)
  return startProgram(HAPROXY!, ['-db', '-f', file], ports.gateway)
}

await describeGuarantees(gateway)

const IN_FRONT = [
  'http-request set-src req.hdr_ip(x-forwarded-for,-1) if { src 192.0.2.9 }',
  'http-request set-var(txn.latchkey_client) str(unknown) if { src 192.0.2.9 }',
] as const
await describeInFront({ ...gateway, start: (home, ports) => start(home, ports, before(IN_FRONT)) })

/** Rules before all others, as the page says them. */
function before(rules: readonly string[]): Readonly<Record<string, string>> {
  const first = '  # What a client says about itself'
  return { [first]: rules.map((rule) => `  ${documentedInFront(rule, FRONT)}\n`).join('') + first }
}

const isMissing = (await gateway.missing()) !== undefined

describe.skipIf(isMissing)('a HAProxy that was changed', () => {
  let rig: Rig | undefined
  afterEach(() => rig?.stop())

  test('reads the PROXY protocol of what is in front, and of nobody else', async () => {
    const rules = ['tcp-request connection expect-proxy layer4 if { src 192.0.2.9 }', IN_FRONT[1]]
    rig = await startRig({ ...gateway, start: (home, ports) => start(home, ports, before(rules)) })
    const { port, createKey } = rig
    const create = async (whitelistedIPs: readonly string[] | null) =>
      withKey(await createKey({ permissions: ['orders:read'], whitelistedIPs }))
    const [listed, network, everywhere] = [
      await create(['198.51.100.7', '2001:db8::7']),
      await create(['127.0.0.0/8']),
      await create(null),
    ]
    const lines = [
      ['PROXY TCP4 198.51.100.7 10.0.0.1 52044 443', 200, 403],
      ['PROXY TCP6 2001:db8::7 2001:db8::1 52044 443', 200, 403],
      ['PROXY TCP4 203.0.113.1 10.0.0.1 52044 443', 403, 403],
      // A connection of its own, or of a client that it cannot name.
      ['PROXY UNKNOWN', 403, 403],
    ] as const
    for (const [line, ofListed, ofNetwork] of lines) {
      expect(await sendBehindLine(port, line, { from: FRONT, headers: listed })).toBe(ofListed)
      expect(await sendBehindLine(port, line, { from: FRONT, headers: network })).toBe(ofNetwork)
      expect(await sendBehindLine(port, line, { from: FRONT, headers: everywhere })).toBe(200)
      expect(await sendBehindLine(port, line, { from: OUTSIDE, headers: listed })).toBe(400)
    }
    expect((await rig.send({ headers: listed, from: OUTSIDE })).status).toBe(403)
    expect((await rig.send({ headers: network, from: OUTSIDE })).status).toBe(200)
  })

  test('lets nothing through where what Latchkey says has no room', async () => {
    const without = { 'tune.bufsize 32768': '', 'tune.maxrewrite 16384': '' }
    rig = await startRig({ ...gateway, start: (home, ports) => start(home, ports, without) })
    const headers = withKey(await rig.createKey({ permissions: MOST_PERMISSIONS }))
    expect((await rig.send({ headers })).status).toBe(200)
    rig.application.arrivals.length = 0
    const cookie = ['Cookie', `a=${'x'.repeat(6_000)}`]
    rig.expectRefused(await rig.send({ headers: [...headers, ...cookie] }), 431)
  })

  test('carries WebSockets over HTTP/2, each checked', async () => {
    rig = await startRig({
      ...gateway,
      start(home, ports) {
        const bind = `bind 127.0.0.1:${ports.gateway}`
        return start(home, ports, { [bind]: `${bind} proto h2` })
      },
    })
    const session = connect(`http://127.0.0.1:${rig.port}`)
    await once(session, 'remoteSettings')
    const statusAndEcho = async (headers: Readonly<Record<string, string>>) => {
      const stream = session.request({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/orders/live',
        'sec-websocket-version': '13',
        ...headers,
      })
      const [{ ':status': status }] = await once(stream, 'response')
      if (status === 200) stream.write('hello')
      const [echo] = await once(stream, 'data')
      stream.close()
      return { status, echo: status === 200 ? String(echo) : '' }
    }
    expect(await statusAndEcho({ 'x-api-key': rig.reader.key })).toEqual({ status: 200, echo: 'hello' })
    expect(valuesOf(rig.onlyArrival(), 'x-auth-key-id')).toEqual([rig.reader.id])
    rig.application.arrivals.length = 0
    expect(await statusAndEcho({})).toEqual({ status: 401, echo: '' })
    expect(rig.application.arrivals).toEqual([])
    session.destroy()
  })
})
