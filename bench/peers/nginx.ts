import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Running } from '../running.ts'
import { freePort, startGateway } from './gateway.ts'

/** One worker of nginx, which knows its keys from its configuration. */
export type StaticMap = Running & {
  /** Writes the map anew and tells nginx to read it. */
  reload(keys: readonly string[]): void
}

/** nginx with a map of keys, as its documentation has it: what is not in it is answered with 401. */
export async function startStaticMap(keys: readonly string[]): Promise<StaticMap> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'))
  const port = await freePort()
  const file = join(home, 'nginx.conf')
  writeFileSync(join(home, 'keys'), mapOf(keys))
  writeFileSync(file, configuration(home, port))
  const gateway = await startGateway('nginx', ['-c', file, '-e', 'stderr', '-g', 'daemon off;'], port)
  return {
    port,
    pid: workerOf(gateway.child.pid!),
    reload(left) {
      // At once: it may still read the last one.
      writeFileSync(join(home, 'keys.new'), mapOf(left))
      renameSync(join(home, 'keys.new'), join(home, 'keys'))
      gateway.child.kill('SIGHUP')
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const mapOf = (keys: readonly string[]) => keys.map((key) => `"${key}" 1;\n`).join('')

/** The buckets of the map: of the sizes that hold it, the one that nginx is quickest with. */
function configuration(home: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return [
    `pid ${home}/pid;`,
    'worker_processes 1;',
    'events { worker_connections 1024; }',
    'http {',
    ...temporary.map((name) => `${name}_temp_path ${home}/${name};`),
    'access_log off;',
    'keepalive_requests 100000000;',
    'map_hash_max_size 1048576;',
    'map_hash_bucket_size 256;',
    `map $http_x_api_key $is_known { default 0; include ${home}/keys; }`,
    'server {',
    `listen 127.0.0.1:${port};`,
    'location / { if ($is_known = 0) { return 401; } return 200 "ok"; }',
    '}',
    '}',
    '',
  ].join('\n')
}

/** Its only child: what answers requests. */
const workerOf = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
