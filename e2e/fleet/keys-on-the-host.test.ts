/** `latchkey keys …` beside servers that run: what it prints is true of all of them when it is printed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, connectTo, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { createNetwork, type Network } from './network.ts'
import { until } from './rounds.ts'

let cluster: Cluster
let fleet: Fleet
/** Between the second server and the database. */
let network: Network

beforeAll(async () => {
  cluster = await createCluster()
  fleet = await createFleet(cluster, 2, async (index, databaseUrl) => {
    if (index === 0) return {}
    network = await createNetwork(databaseUrl)
    return { DATABASE_URL: network.url }
  })
})
afterEach(hearAgain)
afterAll(async () => {
  await fleet?.dispose()
  await network?.close()
  await cluster?.dispose()
})

async function hearAgain(): Promise<void> {
  network.pass()
  await until(200, async () => (await fleet.call(fleet.servers[1]!, { path: '/readyz' })).status)
}

type Made = { readonly id: string; readonly key: string }

/** A key that each server has in its memory. */
async function makeKey(): Promise<Made> {
  const { stdout, stderr, exitCode } = await fleet.run(['keys', 'create', '--user', fleet.userId, '--json'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const made = JSON.parse(stdout) as Made
  // Printed when it was committed: it works at the first attempt, everywhere.
  expect(await statusesOf(made.key)).toEqual([200, 200])
  expect(await statusesOf(made.key)).toEqual([200, 200])
  return made
}

const statusesOf = (key: string): Promise<number[]> =>
  Promise.all(fleet.servers.map(async (server) => (await fleet.call(server, { path: '/me', key })).status))

function startCommand(args: readonly string[]) {
  const { home } = fleet.servers[0]!
  return home.start(args, { settings: { DATABASE_URL: fleet.databaseUrl, LATCHKEY_SECRET: fleet.secret } })
}

type Command = ReturnType<typeof startCommand>

/** Asks every server the moment the command has printed this, before it has ended. */
async function statusesWhenPrinted(command: Command, printed: RegExp, key: string) {
  await command.printed(printed)
  const statuses = await statusesOf(key)
  const { exitCode, stdout } = await command.ended
  return { exitCode, statuses, stdout }
}

/**
 * The same while the second server hears nothing from just before the commit on, and answers from memory for as long
 * as it may: a command that does not wait for it is done long before.
 */
async function startUnheard(args: readonly string[], key: string): Promise<Command> {
  const holder = await connectTo(fleet.databaseUrl)
  try {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM companies WHERE id = $1 FOR UPDATE', [fleet.companyId])
    const command = startCommand(args)
    await until(1, countHeldUp)
    expect(await statusesOf(key)).toEqual([200, 200])
    network.hold()
    return command
  } finally {
    // The row is free again.
    await holder.end()
  }
}

/** Commands that wait for the row of the company. */
async function countHeldUp(): Promise<number> {
  const waiting = await fleet.database.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"companies"%for update%'`,
  )
  return waiting.length
}

describe('when a command has printed it', () => {
  it('a deleted key is refused by every server', async () => {
    const { id, key } = await makeKey()
    const command = await startUnheard(['keys', 'delete', id, '--yes'], key)
    const answer = await statusesWhenPrinted(command, /is deleted, and no server accepts it any more/, key)
    // The one that hears nothing cannot know.
    expect(answer).toMatchObject({ exitCode: 0, statuses: [401, 503] })
    await hearAgain()
    expect(await statusesOf(key)).toEqual([401, 401])
  })

  it('so is one that somebody else is just deleting', async () => {
    const { id, key } = await makeKey()
    const first = await startUnheard(['keys', 'delete', id, '--yes'], key)
    await until(1, async () => {
      const stored = fleet.database.query('SELECT FROM keys WHERE id = $1 AND deleted_at IS NOT NULL', [id])
      return (await stored).length
    })
    const second = startCommand(['keys', 'delete', id, '--yes'])
    const answer = await statusesWhenPrinted(second, /is deleted already, and no server accepts it/, key)
    expect(answer).toMatchObject({ exitCode: 0, statuses: [401, 503] })
    expect((await first.ended).exitCode).toBe(0)
  })

  it('the old secret of a key that was rotated without overlap is refused by every server, and the new one works', async () => {
    const { id, key } = await makeKey()
    const command = await startUnheard(['keys', 'rotate', id, '--overlap', '0'], key)
    const answer = await statusesWhenPrinted(command, /lk_live_\w{49}/, key)
    expect(answer).toMatchObject({ exitCode: 0, statuses: [401, 503] })
    await hearAgain()
    expect(await statusesOf(key)).toEqual([401, 401])
    expect(await statusesOf(answer.stdout.trim())).toEqual([200, 200])
  })

  it('with an overlap both secrets work', async () => {
    const { id, key } = await makeKey()
    const command = startCommand(['keys', 'rotate', id])
    const answer = await statusesWhenPrinted(command, /lk_live_\w{49}/, key)
    expect(answer).toMatchObject({ exitCode: 0, statuses: [200, 200] })
    expect(await statusesOf(answer.stdout.trim())).toEqual([200, 200])
  })
})
