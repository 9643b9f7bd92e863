/** Two servers behind the documented nginx, restarted one after the other under load: nobody notices. */

import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import { type Cluster, createCluster, createDatabase } from '../../packages/server/test/postgres-cluster.ts'
import { blocksOf } from '../pages/page.ts'
import { createHome, type Home } from '../running.ts'
import { findProgram, startProgram } from './processes.ts'

const NGINX = findProgram('nginx')
const isLeftOut = NGINX === undefined && process.env.CI_REQUIRE_GATEWAYS !== '1'
/** Each restarts both servers. `npm run test:faults` does the twenty that the page speaks of. */
const ROUNDS = process.env.FAULTS === 'all' ? 20 : 2
const CLIENTS = 8
const ROUND_MS_MAX = 60_000

const SECRET = randomBytes(32).toString('hex')

let cluster: Cluster
let home: Home

beforeAll(async () => {
  home = createHome()
  if (!isLeftOut) cluster = await createCluster()
})
afterAll(async () => {
  await home.dispose()
  await cluster?.dispose()
})

/** The block of the page, on ports of this machine and without TLS. */
function configurationFor(servers: readonly number[], port: number): string {
  const [block] = blocksOf('docs/operate/restart.md').filter(({ language }) => language === 'nginx')
  const changes = [
    [/10\.0\.0\.1:7070/, `127.0.0.1:${servers[0]}`],
    [/10\.0\.0\.2:7070/, `127.0.0.1:${servers[1]}`],
    [/listen 443 ssl;/, `listen 127.0.0.1:${port};`],
    [/ *ssl_certificate .*\n *ssl_certificate_key .*\n/, ''],
  ] as const
  const changed = changes.reduce((said, [found, meant]) => {
    expect(said).toMatch(found)
    return said.replace(found, meant)
  }, block!.text)
  const directories = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(home.directory, name))
    return `${name}_temp_path ${join(home.directory, name)};`
  })
  return `events {}\nhttp {\naccess_log off;\n${directories.join('\n')}\n${changed}}\n`
}

type Load = { readonly answered: () => number; readonly lost: string[]; stop(): Promise<void> }

/** Clients that each verify on one connection, one question after the other. */
function startLoad(port: number, key: string): Load {
  const lost: string[] = []
  let answered = 0
  let isOver = false
  async function ask(agent: Agent): Promise<void> {
    while (!isOver) {
      const answer = await verify(port, key, agent).catch((error: Error) => error.message)
      answered += 1
      if (answer !== 'VALID') lost.push(answer)
    }
    agent.destroy()
  }
  const clients = Array.from({ length: CLIENTS }, () => ask(new Agent({ keepAlive: true, maxSockets: 1 })))
  return {
    answered: () => answered,
    lost,
    async stop() {
      isOver = true
      await Promise.all(clients)
    },
  }
}

function verify(port: number, key: string, agent: Agent): Promise<string> {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/verify', method: 'POST', agent, headers },
      (answer) => {
        text(answer).then(
          (body) =>
            resolve(answer.statusCode === 200 ? JSON.parse(body).code : `${answer.statusCode} ${body}`),
          reject,
        )
      },
    )
    sent.on('error', reject)
    sent.end(JSON.stringify({ key }))
  })
}

test.skipIf(isLeftOut)(
  `no request is lost while two servers are restarted one after the other, ${ROUNDS} times`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    const ports = [await freePort(), await freePort()]
    const port = await freePort()
    const { url } = await createDatabase(cluster.url)
    const serve = (at: number) =>
      home.serve({
        settings: {
          DATABASE_URL: url,
          LATCHKEY_SECRET: SECRET,
          LATCHKEY_DRAIN_SECONDS: '1',
          PORT: String(at),
        },
      })
    const servers = [await serve(ports[0]!), await serve(ports[1]!)]
    const file = join(home.directory, 'nginx.conf')
    writeFileSync(file, configurationFor(ports, port))
    const own = `daemon off; pid ${join(home.directory, 'nginx.pid')};`
    const nginx = await startProgram(NGINX!, ['-c', file, '-e', 'stderr', '-g', own], port)
    const load = startLoad(port, home.adminKey())
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const at of [0, 1]) {
          const before = load.answered()
          expect(await servers[at]!.stop('SIGTERM')).toMatchObject({ exitCode: 0 })
          servers[at] = await serve(ports[at]!)
          expect(load.answered()).toBeGreaterThan(before)
        }
      }
    } finally {
      await load.stop()
      await nginx.stop()
    }
    expect(load.lost).toEqual([])
  },
)
