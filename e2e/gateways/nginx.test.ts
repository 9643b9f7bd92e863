import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documentedInFront, readDocumented } from './documented.ts'
import { describeInFront } from './front-guarantees.ts'
import { describeGuarantees } from './guarantees.ts'
import { findProgram, printed, startProgram } from './processes.ts'
import { FRONT, type Gateway, OUTSIDE, type Rig, startRig, withKey } from './rig.ts'

const NGINX = findProgram('nginx')

const gateway: Gateway = {
  name: 'nginx',
  async missing() {
    if (process.platform !== 'linux') return 'needs Linux, where 127.0.0.2 is an address'
    if (NGINX === undefined) return 'nginx is not installed (Debian: apt-get install nginx-light)'
    const hasModule = (await printed(NGINX, ['-V'])).includes('http_auth_request_module')
    return hasModule ? undefined : `${NGINX} is built without http_auth_request_module`
  },
  writing: { path: '/orders/changes' },
  hidden: ['/_latchkey/', '/_latchkey/reading', '/_latchkey/writing?permission=a:b', '/%5Flatchkey/reading'],
  start: (home, ports) => start(home, ports, {}),
}

/** `changes`: what else an operator has changed. */
function start(
  home: string,
  ports: Parameters<Gateway['start']>[1],
  changes: Readonly<Record<string, string>>,
) {
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
    'http {\n': `http {\n${buffers.join('\n')}\nproxy_cache_path ${join(home, 'cache')} keys_zone=answers:1m;\n`,
    ...changes,
  })
  writeFileSync(file, text)
  const own = `daemon off; pid ${join(home, 'nginx.pid')};`
  return startProgram(NGINX!, ['-c', file, '-p', home, '-e', 'stderr', '-g', own], ports.gateway)
}

await describeGuarantees(gateway)

const IN_FRONT = `set_real_ip_from 192.0.2.9;
real_ip_header X-Forwarded-For;
real_ip_recursive on;
geo $in_front {
  default 0;
  192.0.2.9 1;
}
map $in_front $client {
  1 unknown;
  default $remote_addr;
}
`
await describeInFront({
  ...gateway,
  start: (home, ports) =>
    start(home, ports, {
      'access_log off;\n': `access_log off;\n${documentedInFront(IN_FRONT, FRONT)}`,
      'X-Forwarded-For $remote_addr;': 'X-Forwarded-For $client;',
    }),
})

describe.skipIf((await gateway.missing()) !== undefined)(
  'what is set for the application around the recipe',
  () => {
    let rig: Rig
    beforeAll(async () => {
      const own = 'client_max_body_size 32m;'
      const set = [
        'proxy_cache answers;',
        'proxy_cache_valid 200 1m;',
        'proxy_ignore_headers Cache-Control;',
        'proxy_cache_key $uri$key_id;',
        'proxy_intercept_errors on;',
        'error_page 401 = /login;',
      ]
      rig = await startRig({
        ...gateway,
        start: (home, ports) => start(home, ports, { [own]: [own, ...set].join('\n') }),
      })
    })
    afterAll(() => rig.stop())

    test('a yes of Latchkey is not cached with it', async () => {
      expect((await rig.send({ path: '/orders', headers: withKey(rig.good) })).status).toBe(200)
      rig.application.arrivals.length = 0
      for (const path of ['/orders', '/orders/other']) rig.expectRefused(await rig.send({ path }), 401)
    })

    test('refusals come through as they are', async () => {
      rig.expectRefused(await rig.send({ headers: withKey(rig.good), from: OUTSIDE }), 403)
      rig.expectRefused(await rig.send({}), 401)
    })
  },
)
