import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type Cluster,
  connectTo,
  createCluster,
  createStandby,
} from '../../packages/server/test/postgres-cluster.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createNetwork, type Network } from './network.ts'
import { createRecorder, type Issued, type Recorder } from './revocations.ts'
import { issueEverywhere, revokeEach, until } from './rounds.ts'

const ACCEPTED = 'The store is in use, under a new epoch. Every service on it forgets what it remembered.'
const TEST_MS_MAX = 120_000

/** Undone in the order opposite to that in which they were made. */
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

function kept<T extends { dispose(): Promise<void> }>(made: T): T {
  undo.push(() => made.dispose())
  return made
}

const ask = async (url: string, text: string) => {
  const onlooker = await connectTo(url)
  try {
    return await onlooker.query(text)
  } finally {
    await onlooker.end()
  }
}

/** The standby has all that the primary has, and waits for more. */
async function following(primary: Cluster): Promise<void> {
  const isThere = async () =>
    (
      await ask(
        primary.url,
        `SELECT count(*)::int AS count FROM pg_stat_replication
         WHERE state = 'streaming' AND replay_lsn = pg_current_wal_flush_lsn()`,
      )
    )[0]?.count
  await until(1, isThere, 30_000)
}

const promote = (standby: Cluster) => ask(standby.url, 'SELECT pg_promote()')

const onDatabase = (cluster: Cluster, databaseUrl: string) =>
  Object.assign(new URL(cluster.url), { pathname: new URL(databaseUrl).pathname }).href

/** Every server refuses what it cannot prove, is alive, and says what to do. */
async function expectRefusing(
  { servers, call, userId }: Fleet,
  recorder: Recorder,
  key: Issued,
): Promise<string> {
  let detail = ''
  for (const server of servers) {
    const readiness = async () => {
      const { status, body } = await call(server, { path: '/readyz' })
      detail = String(body.detail)
      return status === 503 && detail.endsWith('To use it: latchkey restore --accept.')
    }
    await until(true, readiness, 30_000)
    expect(await recorder.verify(server, key)).toBe('cannot_verify')
    expect((await call(server, { path: '/keys', body: { userId } })).status).toBe(503)
    expect((await call(server, { path: '/healthz' })).status).toBe(200)
  }
  return detail
}

async function accept(fleet: Fleet, recorder: Recorder, key: Issued, settings = {}): Promise<void> {
  expect(await fleet.run(['restore', '--accept'], settings)).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining(ACCEPTED),
    stderr: '',
  })
  for (const server of fleet.servers) {
    await until('VALID', () => recorder.verify(server, key))
    await until(200, async () => (await fleet.call(server, { path: '/readyz' })).status)
    await recorder.issue(server)
  }
}

/** FAULTS=all: also what takes a minute. */
const isAll = process.env.FAULTS === 'all'

describe.runIf(isAll)('a standby that is promoted while its primary is fenced', () => {
  let primary: Cluster
  let standby: Cluster
  let network: Network
  let fleet: Fleet
  let recorder: Recorder

  /** Two servers that reach the primary by an address that can be moved. */
  async function prepare(): Promise<readonly [Issued, Issued]> {
    primary = kept(await createCluster(['max_connections=100']))
    let made: Promise<Network> | undefined
    fleet = kept(
      await createFleet(primary, 2, async (_, url) => {
        made ??= createNetwork(url)
        network = await made
        return { DATABASE_URL: network.url }
      }),
    )
    undo.push(() => network.close())
    recorder = createRecorder(fleet)
    standby = kept(await createStandby(primary, { settings: ['max_connections=100'] }))
    await following(primary)
    const [one, other] = await issueEverywhere(fleet, recorder, 2)
    return [one!, other!]
  }

  it('serves again when the operator has accepted it, and forgets no revocation that it had', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const [revoked, valid] = await prepare()
    await ask(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'")
    await ask(primary.url, 'SELECT pg_reload_conf()')
    await revokeEach(recorder, { keys: [revoked], deleters: fleet.servers, verifiers: fleet.servers })
    await following(primary)
    await primary.kill()
    await promote(standby)
    network.lead(onDatabase(standby, fleet.databaseUrl))
    await expectRefusing(fleet, recorder, valid)
    await accept(fleet, recorder, valid, { DATABASE_URL: network.url })
    for (const server of fleet.servers) expect(await recorder.verify(server, revoked)).toBe('INACTIVE')
    const [last] = await issueEverywhere(fleet, recorder, 1)
    await revokeEach(recorder, { keys: [last!], deleters: fleet.servers, verifiers: fleet.servers })
    const onlooker = await connectTo(onDatabase(standby, fleet.databaseUrl))
    const run: Fleet['run'] = (args) => fleet.run(args, { DATABASE_URL: network.url })
    // An acceptance begins the log anew: what was revoked before is not in it.
    const damage = await findDamage({ database: onlooker, run }, recorder)
    expect(damage.filter((line) => line !== `${revoked.id} is deleted and not in the log`)).toEqual([])
    await onlooker.end()
    expect(recorder.findViolations()).toEqual([])
  })

  it('that had not received everything says how much may be missing', { timeout: TEST_MS_MAX }, async () => {
    const [revoked, valid] = await prepare()
    await standby.stop()
    await revokeEach(recorder, { keys: [revoked], deleters: fleet.servers, verifiers: fleet.servers })
    await primary.kill()
    await standby.start()
    await promote(standby)
    network.lead(onDatabase(standby, fleet.databaseUrl))
    expect(await expectRefusing(fleet, recorder, valid)).not.toMatch(/\d/)
    for (const { stderr } of fleet.servers)
      expect(stderr()).toMatch(/"missing":[1-9]\d*,"event":"store_refused"/)
    // Nobody but the operator may say so: the revocation is not there.
    expect(await recorder.verify(fleet.servers[0]!, revoked)).toBe('cannot_verify')
  })

  it('that is not promoted is never used, whatever leads to it', { timeout: TEST_MS_MAX }, async () => {
    const [, valid] = await prepare()
    network.lead(onDatabase(standby, fleet.databaseUrl))
    network.cut()
    network.pass()
    for (const server of fleet.servers) await until('cannot_verify', () => recorder.verify(server, valid))
    for (let round = 0; round < 10; round++) {
      for (const server of fleet.servers) {
        expect(await recorder.verify(server, valid)).toBe('cannot_verify')
        expect((await fleet.call(server, { path: '/readyz' })).status).toBe(503)
      }
    }
    // It was the way there that was wrong: nothing is to be accepted.
    network.lead(fleet.databaseUrl)
    for (const server of fleet.servers) await until('VALID', () => recorder.verify(server, valid))
    await until(200, async () => (await fleet.call(fleet.servers[0]!, { path: '/readyz' })).status)
  })
})

describe('a URL with both servers in it', () => {
  it('leads to whichever is the primary, at the start and after a failover, without anything being moved', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const primary = kept(await createCluster(['max_connections=100']))
    const standby = kept(await createStandby(primary, { settings: ['max_connections=100'] }))
    const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`
    const both = (url: string) =>
      `postgres://postgres@${hosts}${new URL(url).pathname}?target_session_attrs=read-write&connect_timeout=2`
    const fleet = kept(await createFleet(primary, 2, (_, url) => ({ DATABASE_URL: both(url) })))
    const recorder = createRecorder(fleet)
    const [revoked, valid] = (await issueEverywhere(fleet, recorder, 2)) as [Issued, Issued]
    await revokeEach(recorder, { keys: [revoked], deleters: fleet.servers, verifiers: fleet.servers })
    await following(primary)
    await primary.kill()
    await promote(standby)
    await expectRefusing(fleet, recorder, valid)
    await accept(fleet, recorder, valid, { DATABASE_URL: both(fleet.databaseUrl) })
    for (const server of fleet.servers) expect(await recorder.verify(server, revoked)).toBe('INACTIVE')
    const doctor = await fleet.run(['doctor'], { DATABASE_URL: both(fleet.databaseUrl) })
    expect(doctor.stdout).toContain(`127.0.0.1:${standby.port},127.0.0.1:${primary.port}`)
    expect(doctor.stdout).toMatch(/a primary, durable/)
    expect(recorder.findViolations()).toEqual([])
  })
})

describe.runIf(process.platform === 'linux')('a name that is moved from the primary to the standby', () => {
  it('is looked up for each new connection: no server is restarted', { timeout: TEST_MS_MAX }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'names-'))
    undo.push(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, 'names.json')
    const name = (address: string) => writeFileSync(file, JSON.stringify({ 'db.internal': address }))
    name('127.0.0.1')
    const primary = kept(await createCluster(['max_connections=100']))
    const named = (url: string) =>
      `postgres://postgres@db.internal:${primary.port}${new URL(url).pathname}?sslmode=disable`
    const resolving = {
      NAMES_FILE: file,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'names-by-file.ts')}`,
    }
    const fleet = kept(
      await createFleet(primary, 2, (_, url) => ({ DATABASE_URL: named(url), ...resolving })),
    )
    const recorder = createRecorder(fleet)
    const standby = kept(
      await createStandby(primary, { host: '127.0.0.2', settings: ['max_connections=100'] }),
    )
    await following(primary)
    const [revoked, valid] = (await issueEverywhere(fleet, recorder, 2)) as [Issued, Issued]
    await revokeEach(recorder, { keys: [revoked], deleters: fleet.servers, verifiers: fleet.servers })
    await following(primary)
    await primary.kill()
    await promote(standby)
    const isUnready = async (server: FleetServer) =>
      (await fleet.call(server, { path: '/readyz' })).body.detail
    for (const server of fleet.servers) expect(await isUnready(server)).not.toMatch(/restore --accept/)
    name('127.0.0.2')
    await expectRefusing(fleet, recorder, valid)
    await accept(fleet, recorder, valid, { DATABASE_URL: named(fleet.databaseUrl), ...resolving })
    for (const server of fleet.servers) expect(await recorder.verify(server, revoked)).toBe('INACTIVE')
    expect(recorder.findViolations()).toEqual([])
  })
})
