/** `latchkey keys …` beside servers that run: what it prints is true of all of them when it is printed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { createFleet, type Fleet } from './fleet.ts'

let cluster: Cluster
let fleet: Fleet

beforeAll(async () => {
  cluster = await createCluster()
  fleet = await createFleet(cluster, 2)
})
afterAll(async () => {
  await fleet?.dispose()
  await cluster?.dispose()
})

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

/** Asks every server the moment the command has printed this, before it has ended. */
async function statusesWhenPrinted(args: readonly string[], printed: RegExp, key: string) {
  const { home } = fleet.servers[0]!
  const settings = { DATABASE_URL: fleet.databaseUrl, LATCHKEY_SECRET: fleet.secret }
  const command = home.start(args, { settings })
  await command.printed(printed)
  const statuses = await statusesOf(key)
  const { exitCode, stdout } = await command.ended
  return { exitCode, statuses, stdout }
}

describe('when a command has printed it', () => {
  it('a deleted key is refused by every server', async () => {
    const { id, key } = await makeKey()
    const args = ['keys', 'delete', id, '--yes']
    const answer = await statusesWhenPrinted(args, /is deleted, and no server accepts it any more/, key)
    expect(answer).toMatchObject({ exitCode: 0, statuses: [401, 401] })
  })

  it('the old secret of a key that was rotated without overlap is refused by every server, and the new one works', async () => {
    const { id, key } = await makeKey()
    const answer = await statusesWhenPrinted(['keys', 'rotate', id, '--overlap', '0'], /lk_live_\w{49}/, key)
    expect(answer).toMatchObject({ exitCode: 0, statuses: [401, 401] })
    expect(await statusesOf(answer.stdout.trim())).toEqual([200, 200])
  })

  it('with an overlap both secrets work', async () => {
    const { id, key } = await makeKey()
    const answer = await statusesWhenPrinted(['keys', 'rotate', id], /lk_live_\w{49}/, key)
    expect(answer).toMatchObject({ exitCode: 0, statuses: [200, 200] })
    expect(await statusesOf(answer.stdout.trim())).toEqual([200, 200])
  })
})
