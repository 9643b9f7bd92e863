import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../packages/server/test/free-port.ts'
import { type Cluster, connectTo, NOBODY } from '../../packages/server/test/postgres-cluster.ts'
import { findProgram, startProgram } from '../gateways/processes.ts'

const PGBOUNCER = findProgram('pgbouncer')

/** Why there is no test with it; undefined: there is. With CI_REQUIRE_GATEWAYS that is a failure. */
export function missingPgBouncer(): string | undefined {
  if (PGBOUNCER !== undefined || process.env.CI_REQUIRE_GATEWAYS === '1') return undefined
  return 'pgbouncer is not installed (Debian: apt-get install pgbouncer)'
}

export type PoolMode = 'session' | 'transaction' | 'statement'

/** A real PgBouncer in front of a cluster. */
export type PgBouncer = {
  readonly port: number
  /** The same database, by way of it. */
  urlOf(databaseUrl: string): string
  /** As an operator does who edits its file: connections that there are stay. */
  become(mode: PoolMode, ...settings: readonly string[]): Promise<void>
  /** Ends it, and every connection through it. */
  stop(): Promise<void>
  start(): Promise<void>
  dispose(): Promise<void>
}

export async function createPgBouncer(
  cluster: Pick<Cluster, 'port'>,
  mode: PoolMode,
  ...settings: readonly string[]
): Promise<PgBouncer> {
  if (PGBOUNCER === undefined) throw new Error('pgbouncer is not installed')
  const directory = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  // It refuses to be root, and reads its files as whoever it is.
  chmodSync(directory, 0o755)
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const port = await freePort()
  const [file, users] = [join(directory, 'pgbouncer.ini'), join(directory, 'users.txt')]
  writeFileSync(users, '"postgres" ""\n', { mode: 0o644 })
  const write = (now: PoolMode, more: readonly string[]) => {
    const lines = [
      ...['[databases]', `* = host=127.0.0.1 port=${cluster.port}`, '[pgbouncer]', `pool_mode = ${now}`],
      ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir ='],
      ...['auth_type = trust', `auth_file = ${users}`, 'admin_users = postgres', 'default_pool_size = 60'],
      ...more,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o644 })
  }
  write(mode, settings)
  const run = () => startProgram(PGBOUNCER, [file], port, account)
  let running = await run()

  return {
    port,
    urlOf: (databaseUrl) => Object.assign(new URL(databaseUrl), { port: String(port) }).href,
    async become(next, ...more) {
      write(next, more)
      const console = await connectTo(`postgres://postgres@127.0.0.1:${port}/pgbouncer`)
      await console.query('RELOAD')
      await console.end()
    },
    stop: () => running.stop(),
    async start() {
      running = await run()
    },
    async dispose() {
      await running.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
