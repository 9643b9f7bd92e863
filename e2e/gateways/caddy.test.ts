import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sendTo } from './client.ts'
import { documentedInFront, readDocumented } from './documented.ts'
import { describeInFront } from './front-guarantees.ts'
import { describeGuarantees } from './guarantees.ts'
import { findProgram, printed, startProgram } from './processes.ts'
import { FRONT, type Gateway, withGateway } from './rig.ts'
import { startTinyApplication } from './tiny-application.ts'

const CADDY = findProgram('caddy')

const gateway: Gateway = {
  name: 'Caddy',
  async missing() {
    if (process.platform !== 'linux') return 'needs Linux, where 127.0.0.2 is an address'
    if (CADDY === undefined) return 'Caddy is not installed (Debian: apt-get install caddy)'
    const version = await printed(CADDY, ['version'])
    const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? []
    const isNew = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6)
    return isNew ? undefined : `${CADDY} is older than 2.6`
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
  const file = join(home, 'Caddyfile')
  const text = readDocumented('Caddyfile', {
    ':8080': `:${ports.gateway}`,
    '127.0.0.1:7070': `127.0.0.1:${ports.latchkey}`,
    '127.0.0.1:3000': `127.0.0.1:${ports.application}`,
    ...changes,
  })
  // Several run at once, and nothing of them stays.
  writeFileSync(file, `{\n\tadmin off\n}\n${text}`)
  const args = ['run', '--adapter', 'caddyfile', '--config', file]
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
  return startProgram(CADDY!, args, ports.gateway, { env })
}

await describeGuarantees(gateway)

await describeInFront(
  {
    ...gateway,
    start(home, ports) {
      const trusted = documentedInFront('trusted_proxies 192.0.2.9', FRONT)
      const [asking, passing] = ['uri /gateway/check', 'header_up -X-API-KEY']
      return start(home, ports, {
        [asking]: `${trusted}\n${asking}`,
        [passing]: `${trusted}\n${passing}`,
      })
    },
  },
  { LATCHKEY_TRUSTED_PROXIES: `127.0.0.1,${FRONT}` },
)

// Were one kept, Caddy before July 2026 could ask the application on it: it opens it, a moment too late, to whichever
// of the two the same request was last passed to. By chance, once in some thousands of requests on a busy machine.
test.skipIf((await gateway.missing()) !== undefined)(
  'Caddy asks each question on a connection of its own',
  async () => {
    const connections = new Set<unknown>()
    const latchkey = createServer((_request, response) => {
      response.writeHead(200, { 'x-auth-status': '200', 'content-length': '0' }).end()
    }).on('connection', (socket) => connections.add(socket))
    await once(latchkey.listen(0, '127.0.0.1'), 'listening')
    const application = await startTinyApplication()
    const between = { latchkey: (latchkey.address() as AddressInfo).port, application: application.port }
    try {
      await withGateway(gateway, between, async (port) => {
        for (const _time of [1, 2, 3]) expect((await sendTo(port, {})).status).toBe(200)
      })
    } finally {
      await application.stop()
      latchkey.close()
    }
    expect(connections.size).toBe(3)
  },
)
