import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../load.ts'
import { requestText } from '../request-text.ts'
import type { Running } from '../running.ts'

/** One worker of nginx, which knows its keys from its configuration. */
export type StaticMap = Running & {
  /** Writes the map anew and tells nginx to read it. */
  reload(keys: readonly string[]): void
}

const START_MS_MAX = 30_000

/** nginx with a map of keys, as its documentation has it: what is not in it is answered with 401. */
export async function startStaticMap(keys: readonly string[]): Promise<StaticMap> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'))
  const port = await freePort()
  const file = join(home, 'nginx.conf')
  writeFileSync(join(home, 'keys'), mapOf(keys))
  writeFileSync(file, configuration(home, port))
  const path = `${process.env.PATH ?? ''}:/usr/sbin`
  const child = spawn('nginx', ['-c', file, '-e', 'stderr', '-g', 'daemon off;'], {
    env: { PATH: path },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilAnswering(port, child)
  return {
    port,
    pid: workerOf(child.pid!),
    reload(left) {
      writeFileSync(join(home, 'keys'), mapOf(left))
      child.kill('SIGHUP')
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const mapOf = (keys: readonly string[]) => keys.map((key) => `"${key}" 1;\n`).join('')

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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

async function untilAnswering(port: number, child: { readonly exitCode: number | null }): Promise<void> {
  const endsAtMs = performance.now() + START_MS_MAX
  for (;;) {
    const answer = await ask(port, requestText('GET', '/')).catch(() => undefined)
    if (answer?.status === 401) return
    if (child.exitCode !== null || performance.now() > endsAtMs) throw new Error('nginx did not start')
    await sleep(20)
  }
}
