import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Call, call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { createRecorder, type Issued, type Recorder } from './revocations.ts'
import { inRounds, issueEverywhere, keepBusy, revokeEach, SOME } from './rounds.ts'

const TEST_MS_MAX = 60_000 + SOME * 400

type Server = Awaited<ReturnType<Home['serve']>> & { readonly name: string }

let home: Home
let key: string
/** Started one after the other, each for itself, on one file. */
let servers: readonly [Server, Server]
let recorder: Recorder<Server>

beforeEach(async () => {
  home = createHome()
  const first = { ...(await serve()), name: 'first' }
  key = home.adminKey()
  const firstHolder = leaseholder()
  servers = [first, { ...(await serve()), name: 'second' }]
  // Each takes it when it proves that it can write, before it is ready: the second has it from now on.
  expect(leaseholder()).not.toBe(firstHolder)
  const me = await call(first.url, { path: '/me', key })
  recorder = createRecorder({
    call: ({ url }: Server, request: Omit<Call, 'key'>) => call(url, { key, ...request }),
    userId: String(me.body.userId),
    companyId: String(me.body.companyId),
  })
})
afterEach(() => home.dispose())

const serve = () => home.serve({ settings: { LATCHKEY_LOG_LEVEL: 'fatal' } })

/** Whom the head names. */
function leaseholder(): unknown {
  const database = new DatabaseSync(join(home.dataDir, 'latchkey.db'), { readOnly: true })
  try {
    return database.prepare('SELECT leaseholder FROM head').get()?.leaseholder
  } finally {
    database.close()
  }
}

it('two services on one file refuse a key from the moment its deletion is answered', {
  timeout: TEST_MS_MAX,
}, async () => {
  const [other, holder] = servers
  const named = leaseholder()
  const [control] = await issueEverywhere({ servers }, recorder, 1)
  for (const deleter of servers) {
    await inRounds({ revocations: SOME }, async (count) => {
      const keys = await issueEverywhere({ servers }, recorder, count)
      const busy = keepBusy(() => recorder.verify(holder, control!))
      await revokeEach(recorder, { keys, deleters: [deleter], verifiers: [holder, other], clients: 1 })
      await busy.stop()
    })
  }
  expect(recorder.findViolations()).toEqual([])
  expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
  expect(leaseholder()).toBe(named)
})

it.skipIf(process.platform !== 'linux')(
  'one that has the lease and is frozen accepts nothing when it goes on',
  {
    timeout: TEST_MS_MAX,
  },
  async () => {
    const [other, holder] = servers
    const named = leaseholder()
    const keys = await issueEverywhere({ servers: [holder] }, recorder, SOME)
    const removeFrozen = async (one: Issued) => {
      expect(await recorder.verify(holder, one)).toBe('VALID')
      process.kill(holder.child.pid!, 'SIGSTOP')
      const { status } = await recorder.remove(other, one)
      const asked = recorder.verify(holder, one)
      process.kill(holder.child.pid!, 'SIGCONT')
      return { status, code: await asked }
    }
    for (const one of keys) {
      let removed = await removeFrozen(one)
      // Stopped in the middle of a write of its own it keeps the file: nothing is deleted then.
      for (let tries = 1; removed.status === 503 && tries < 5; tries++) {
        expect(removed.code).toBe('VALID')
        removed = await removeFrozen(one)
      }
      expect(removed).toEqual({ status: 204, code: 'INACTIVE' })
    }
    expect(leaseholder()).toBe(named)
  },
)
