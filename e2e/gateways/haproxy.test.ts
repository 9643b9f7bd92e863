import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { documentedFile, readDocumented } from './documented.ts'
import { describeGuarantees } from './guarantees.ts'
import { findProgram, printed, startProgram } from './processes.ts'

const HAPROXY = findProgram('haproxy')

await describeGuarantees({
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
  start(home, ports) {
    const file = join(home, 'haproxy.cfg')
    const text = readDocumented('haproxy.cfg', {
      '127.0.0.1:8080': `127.0.0.1:${ports.gateway}`,
      '127.0.0.1:7070': `127.0.0.1:${ports.latchkey}`,
      '127.0.0.1:3000': `127.0.0.1:${ports.application}`,
      '/etc/haproxy/latchkey.lua': documentedFile('latchkey.lua'),
    })
    writeFileSync(file, text)
    return startProgram(HAPROXY!, ['-db', '-f', file], ports.gateway)
  },
})
