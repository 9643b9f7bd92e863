/** A server whose commits wait for a standby: an answer is given when the standby has them, or none that promises it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Engine } from '../../src/storage/engine.ts'
import { openPostgres } from '../../src/storage/postgres/postgres.ts'
import { memoryDisk } from '../memory-disk.ts'
import { type Cluster, connectTo, createCluster, type Onlooker } from '../postgres-cluster.ts'

let cluster: Cluster
let operator: Onlooker
let engine: Engine

beforeAll(async () => {
  cluster = await createCluster([], memoryDisk())
  operator = await connectTo(cluster.url)
  engine = await openPostgres({
    url: cluster.url,
    connectionsMax: 2,
    acceptedOff: [],
    expect: () => () => true,
    onCommit: () => {},
    onError: () => {},
  })
})
afterAll(async () => {
  await engine.close()
  await operator.end()
  await cluster.dispose()
})

async function waitFor(standby: string): Promise<void> {
  await operator.query(`ALTER SYSTEM SET synchronous_standby_names = '${standby}'`)
  await operator.query('SELECT pg_reload_conf()')
}

const revoke = () => engine.write(async (_db, revoked) => revoked({ scope: 'key', id: 'key_1' }))

const WAITING = `FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'latchkey store'`

test('a change whose wait for the standby somebody ended is not acknowledged', async () => {
  await waitFor('absent')
  const writing = revoke()
  writing.catch(() => {})
  await vi.waitFor(async () => expect(await operator.query(`SELECT pid ${WAITING}`)).toHaveLength(1), 10_000)
  await operator.query(`SELECT pg_cancel_backend(pid) ${WAITING}`)
  await expect(writing).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('is stored, but the database did not wait'),
  })
  await waitFor('')
  await revoke()
})
