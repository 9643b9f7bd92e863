import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDocumented } from './documented.ts'
import { describeGuarantees } from './guarantees.ts'
import { findProgram, printed, startProgram } from './processes.ts'

const CADDY = findProgram('caddy')

await describeGuarantees({
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
  start(home, ports) {
    const file = join(home, 'Caddyfile')
    const text = readDocumented('Caddyfile', {
      ':8080': `:${ports.gateway}`,
      '127.0.0.1:7070': `127.0.0.1:${ports.latchkey}`,
      '127.0.0.1:3000': `127.0.0.1:${ports.application}`,
    })
    // Several run at once, and nothing of them stays.
    writeFileSync(file, `{\n\tadmin off\n}\n${text}`)
    const args = ['run', '--adapter', 'caddyfile', '--config', file]
    const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
    return startProgram(CADDY!, args, ports.gateway, { env })
  },
})
