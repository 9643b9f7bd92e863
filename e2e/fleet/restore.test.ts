import { execFileSync } from 'node:child_process'
import { chownSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { type Answer, call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { findDamage } from './damage.ts'
import { createFleet, type Fleet, type FleetServer } from './fleet.ts'
import { createRecorder, type Issued, type Recorder } from './revocations.ts'
import { issueEverywhere, revokeEach, until } from './rounds.ts'

const ACCEPTED = 'The store is in use, under a new epoch. Every service on it forgets what it remembered.\n'

describe('a database server that was put back to an earlier state', () => {
  let cluster: Cluster
  let fleet: Fleet
  let recorder: Recorder

  beforeAll(async () => {
    // There is no archive: a recovery ends where the copy ends, and begins a new timeline.
    cluster = await createCluster(['restore_command=false'])
  })
  afterAll(() => cluster.dispose())

  beforeEach(async () => {
    fleet = await createFleet(cluster, 2)
    recorder = createRecorder(fleet)
  })
  afterEach(() => fleet.dispose())

  const copyOf = () => `${cluster.directory}-copy`
  const statusOf = (server: FleetServer, path: string) => async () =>
    (await fleet.call(server, { path })).status

  async function takeColdCopy(): Promise<void> {
    await cluster.stop()
    rmSync(copyOf(), { recursive: true, force: true })
    execFileSync('cp', ['-a', cluster.directory, copyOf()])
    await cluster.start()
    for (const server of fleet.servers) await until(200, statusOf(server, '/readyz'))
  }

  async function putBack(): Promise<void> {
    await cluster.stop()
    rmSync(cluster.directory, { recursive: true })
    execFileSync('cp', ['-a', copyOf(), cluster.directory])
    await cluster.start()
  }

  /** The server says no to everything but its health, and what to do. */
  async function expectRefusing(server: FleetServer, key: Issued, detail: RegExp): Promise<void> {
    const readiness = await fleet.call(server, { path: '/readyz' })
    expect(readiness).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(readiness.body.detail).toMatch(detail)
    expect(readiness.headers.get('retry-after')).toBe('60')
    expect(readiness.body.detail).toMatch(/To use it: latchkey restore --accept\.$/)
    expect(await recorder.verify(server, key)).toBe('cannot_verify')
    const creation = await fleet.call(server, { path: '/keys', body: { userId: fleet.userId } })
    expect(creation.status).toBe(503)
    expect(await statusOf(server, '/healthz')()).toBe(200)
  }

  async function accept(key: Issued): Promise<void> {
    expect(await fleet.run(['restore', '--accept'])).toEqual({
      exitCode: 0,
      stdout: `${ACCEPTED}It was not compared with what was there before: what was taken away since then is there again.\n`,
      stderr: '',
    })
    for (const server of fleet.servers) {
      await until('VALID', () => recorder.verify(server, key))
      // It asks for more than a verification: one connection that the restart broke may still be in the pool.
      await until(200, statusOf(server, '/readyz'))
      await recorder.issue(server)
    }
    const events = await fleet.call(fleet.servers[0]!, { path: '/audit' })
    expect(actionsOf(events)).toContain('store.accepted')
  }

  it('is refused by every server, which says how much is missing, until the operator accepts it', async () => {
    const { servers } = fleet
    const [kept] = await issueEverywhere(fleet, recorder, 1)
    const keys = await issueEverywhere(fleet, recorder, 7)
    await takeColdCopy()
    const { body } = await fleet.call(servers[0]!, { path: '/companies', body: { name: 'After the copy' } })
    const headers = { 'X-Company-Id': String(body.id) }
    const actingAt = async (server: FleetServer) =>
      (await fleet.call(server, { path: '/keys', headers })).status
    for (const server of servers) {
      expect(await actingAt(server)).toBe(200)
      for (const key of keys) expect(await recorder.verify(server, key)).toBe('VALID')
    }
    await revokeEach(recorder, { keys, deleters: servers, verifiers: servers })
    // Whatever is asked meanwhile, again and again, while the database goes and comes back.
    let isOver = false
    const asking = servers.map(async (server) => {
      while (!isOver) await Promise.all(keys.map((key) => recorder.verify(server, key)))
    })
    await putBack()
    for (const server of servers) await untilNoticed(server)
    isOver = true
    await Promise.all(asking)
    for (const server of servers) {
      await expectRefusing(server, kept!, /^The store was restored or replaced and is not accepted\. To use/)
      // Whoever may read its log is told how much; a stranger is not.
      expect(server.stderr()).toMatch(/"missing":7,"event":"store_refused"/)
    }
    expect(recorder.findViolations()).toEqual([])
    await accept(kept!)
    for (const server of servers) expect(await actingAt(server)).toBe(404)
    // What was forgotten is to be done again, and then holds.
    const again = createRecorder(fleet)
    await revokeEach(again, { keys, deleters: servers, verifiers: servers })
    expect(again.countVerdicts()).toEqual({ INACTIVE: 14 })
    expect(await findDamage(fleet, { issued: recorder.issued, deleted: again.deleted })).toEqual([])
  })

  it('is refused though nothing is missing in it, when it went on from a recovery', async () => {
    const [key] = await issueEverywhere(fleet, recorder, 1)
    await cluster.stop()
    const signal = join(cluster.directory, 'recovery.signal')
    writeFileSync(signal, '')
    const { uid, gid } = statSync(cluster.directory)
    chownSync(signal, uid, gid)
    await cluster.start()
    for (const server of fleet.servers) await untilNoticed(server)
    const late = await fleet.add()
    for (const server of fleet.servers) await expectRefusing(server, key!, /is not accepted\. To use/)
    expect(late.stderr()).toContain('store_refused')
    await accept(key!)
    expect(await findDamage(fleet, recorder)).toEqual([])
  })

  /** A poll has seen it; a request that was in between may have been refused before. */
  function untilNoticed(server: FleetServer): Promise<void> {
    const isNoticed = async () => {
      const { body } = await fleet.call(server, { path: '/readyz' })
      return String(body.detail).includes('is not accepted')
    }
    return until(true, isNoticed)
  }
})

describe('an embedded store that was restored from a backup', () => {
  let home: Home

  beforeEach(() => {
    home = createHome()
  })
  afterEach(() => home.dispose())

  it('is refused until the operator, who was told what it has forgotten, accepts it', async () => {
    const settings = { LATCHKEY_LOG_LEVEL: 'fatal' }
    const first = await home.serve({ settings })
    const key = home.adminKey()
    const { userId } = (await call(first.url, { path: '/me', key })).body
    const [kept, removed, disabled] = await Promise.all(
      [1, 2, 3].map(async () => (await call(first.url, { path: '/keys', key, body: { userId } })).body),
    )
    const copy = join(home.directory, 'copy.db')
    expect((await home.run(['backup', copy])).exitCode).toBe(0)
    await call(first.url, { method: 'DELETE', path: `/keys/${removed!.id}`, key })
    await call(first.url, { method: 'PATCH', path: `/keys/${disabled!.id}`, key, body: { enabled: false } })
    const early = await home.run(['restore', copy])
    expect(early).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('stop the service first'),
    })
    await first.stop()

    const restored = await home.run(['restore', copy])
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' })
    const forgotten =
      'It has forgotten up to 2 changes that were made after the backup. ' +
      'Take away again, before you let callers in, what is there again in it:\n' +
      `Keys that had been deleted: 1.\n  ${removed!.id}\nKeys that had been disabled: 1.\n  ${disabled!.id}\n`
    expect(restored.stdout).toContain(forgotten)
    expect(restored.stdout).not.toContain(String(kept!.id))
    const again = await home.run(['restore', copy])
    expect(again.stdout).toMatch(
      /^Restored\. The store that was there is (\S+before-restore-)\S+; the last that was accepted is \1\S+\.\n/,
    )
    expect(again.stdout).toContain(forgotten)

    const { url, stop, stdout, stderr } = await home.serve({ settings: { LATCHKEY_LOG_LEVEL: 'error' } })
    expect(stdout()).toMatch(/^Latchkey is running, but NOT READY\. .*latchkey restore --accept\.$/m)
    expect(stdout()).not.toContain('is ready')
    expect(stderr()).toMatch(/latchkey restore --accept\.","event":"started_unready"/)
    const verdictOf = async (one: typeof kept) =>
      (await call(url, { path: '/verify', key, body: { key: one!.key } })).body.code
    const readiness = await call(url, { path: '/readyz', key })
    expect(readiness).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(readiness.headers.get('retry-after')).toBe('60')
    for (const one of [kept, removed, disabled]) expect(await verdictOf(one)).toBe('cannot_verify')

    const accepted = { exitCode: 0, stdout: `${forgotten}${ACCEPTED}`, stderr: '' }
    expect(await home.run(['restore', '--accept'])).toEqual(accepted)
    expect(await home.run(['restore', '--accept'])).toEqual({ exitCode: 0, stdout: ACCEPTED, stderr: '' })
    expect((await call(url, { path: '/readyz', key })).status).toBe(200)
    for (const one of [kept, removed, disabled]) expect(await verdictOf(one)).toBe('VALID')
    expect((await call(url, { method: 'DELETE', path: `/keys/${removed!.id}`, key })).status).toBe(204)
    expect(await verdictOf(removed)).toBe('INACTIVE')
    expect(actionsOf(await call(url, { path: '/audit', key }))).toContain('store.accepted')
    await stop()
    expect((await home.run(['audit', 'verify'])).stdout).toMatch(/every chain holds\.\n$/)
  })

  it('says why it cannot be told what was forgotten: nothing was there, or it cannot be read', async () => {
    expect((await home.run(['bootstrap'])).exitCode).toBe(0)
    const [copy, store] = [join(home.directory, 'copy.db'), join(home.dataDir, 'latchkey.db')]
    expect((await home.run(['backup', copy])).exitCode).toBe(0)
    const again = 'what was revoked after the backup is active again in it.'
    // A table that later changes are counted in is not there: the file opens, and does not tell.
    const damaged = new DatabaseSync(store)
    damaged.exec('DROP TABLE head')
    damaged.close()
    const overDamaged = await home.run(['restore', copy])
    expect(overDamaged).toMatchObject({ exitCode: 0, stderr: '' })
    expect(overDamaged.stdout).toContain(
      `The store that was there before cannot be read, so they were not compared: ${again}`,
    )
    rmSync(store)
    const overNothing = await home.run(['restore', copy])
    expect(overNothing.stdout).toContain(`There was no accepted store to compare it with: ${again}`)
  })
})

function actionsOf({ body }: Answer): unknown[] {
  return (body.data as { action: string }[]).map(({ action }) => action)
}
