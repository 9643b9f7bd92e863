import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDocumented } from './documented.ts'
import { describeGuarantees } from './guarantees.ts'
import { findProgram, printed, startProgram } from './processes.ts'

const NGINX = findProgram('nginx')

await describeGuarantees({
  name: 'nginx',
  async missing() {
    if (process.platform !== 'linux') return 'needs Linux, where 127.0.0.2 is an address'
    if (NGINX === undefined) return 'nginx is not installed (Debian: apt-get install nginx-light)'
    const hasModule = (await printed(NGINX, ['-V'])).includes('http_auth_request_module')
    return hasModule ? undefined : `${NGINX} is built without http_auth_request_module`
  },
  writing: { path: '/orders/changes' },
  hidden: ['/_latchkey/', '/_latchkey/reading', '/_latchkey/writing?permission=a:b', '/%5Flatchkey/reading'],
  start(home, ports) {
    // A worker of another user must get at its buffers.
    chmodSync(home, 0o755)
    const buffers = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
      mkdirSync(join(home, name))
      return `${name}_temp_path ${join(home, name)};`
    })
    const file = join(home, 'nginx.conf')
    const text = readDocumented('nginx.conf', {
      '127.0.0.1:8080': `127.0.0.1:${ports.gateway}`,
      '127.0.0.1:7070': `127.0.0.1:${ports.latchkey}`,
      '127.0.0.1:3000': `127.0.0.1:${ports.application}`,
      'http {\n': `http {\n${buffers.join('\n')}\n`,
    })
    writeFileSync(file, text)
    const own = `daemon off; pid ${join(home, 'nginx.pid')};`
    return startProgram(NGINX!, ['-c', file, '-p', home, '-e', 'stderr', '-g', own], ports.gateway)
  },
})
