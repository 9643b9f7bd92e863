import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import {
  acknowledgedBy,
  createHistory,
  findHalves,
  findLost,
  startWriters,
  untilAnswered,
} from './history.ts'
import { createHome, type Home } from './running.ts'

/** Each takes a second or two, nearly all of it the start of the service. */
const CYCLES = Number(process.env.KILL_CYCLES ?? 6)
const CYCLE_MS_MAX = 20_000
const WRITERS = 8
/** The kill comes after so many acknowledgements at most, so that it falls at any moment of the work. */
const ACKNOWLEDGED_MAX = 150
let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(() => home.dispose())

const settings = { LATCHKEY_LOG_LEVEL: 'warn' }

describe('a service killed while it writes', () => {
  it(
    `keeps what it acknowledged and leaves nothing half there, ${CYCLES} times`,
    async () => {
      const history = createHistory()
      const store = join(home.dataDir, 'latchkey.db')
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const service = await home.serve({ settings })
        const target = { url: service.url, key: home.adminKey() }
        expect(await findLost(target, history)).toEqual([])
        expect(findHalves(store, history)).toEqual([])

        const me = await call(service.url, { path: '/me', key: target.key })
        const userId = String(me.body.userId)
        const writers = startWriters({ ...target, userId }, history, WRITERS)
        const enough = acknowledgedBy(history) + 1 + Math.floor(Math.random() * ACKNOWLEDGED_MAX)
        await untilAnswered(history, () => acknowledgedBy(history) >= enough)
        const { exitCode } = await service.stop('SIGKILL')
        expect(exitCode).toBeNull()
        await writers.stop()
      }
      expect(history.refusals).toEqual([])
      expect(history.deleted.size).toBeGreaterThan(0)

      const service = await home.serve({ settings })
      expect(await findLost({ url: service.url, key: home.adminKey() }, history)).toEqual([])
      await service.stop()
      expect(findHalves(store, history)).toEqual([])
      const [chains, doctor] = await Promise.all([home.run(['audit', 'verify']), home.run(['doctor'])])
      expect(chains.stdout).toMatch(/every chain holds\.\n$/)
      expect(doctor.stdout).toMatch(/All is well\.\n$/)
    },
    (CYCLES + 3) * CYCLE_MS_MAX,
  )
})

const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0

describe('a service killed at a named moment of its first start', () => {
  /** What the next start makes of it: an admin key that can be read, works, and is the only one of its store. */
  async function expectStarted(): Promise<void> {
    const service = await home.serve({ settings })
    const keys = await call(service.url, { path: '/keys', key: home.adminKey() })
    expect(keys).toMatchObject({ status: 200, body: { total: 1 } })
    await service.stop()
    // Four with the link to the console, which a start may have been killed before.
    const { stdout } = await home.run(['audit', 'verify'])
    expect(stdout).toMatch(/^1 company, [34] events: every chain holds\.\n$/)
  }

  it.skipIf(!canTrace).each([
    ['writes the server secret', 'write', ['-P', 'server.secret']],
    ['has the disk keep it', 'fsync', []],
    ['gives it its name', 'link,linkat', []],
    ['takes its draft away', 'unlink,unlinkat', []],
  ])('leaves nothing in the way of the next when it %s', async (_moment, calls, narrow) => {
    const only = narrow.map((part) => (part === '-P' ? part : join(home.dataDir, part)))
    const kill = ['-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=1`]
    const killed = home.start(['bootstrap'], {
      wrap: (command) => ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...only, ...kill, ...command],
    })
    const { exitCode } = await killed.ended
    const next = await home.run(['bootstrap', '--json'])
    // One that was not hit, because it no longer does this, was not killed and made the store.
    expect({ killed: exitCode, next: next.exitCode, why: next.stderr }).toEqual(
      exitCode === 0
        ? { killed: 0, next: 1, why: expect.stringContaining('in use already') }
        : { killed: null, next: 0, why: '' },
    )
  })

  /**
   * What a start does to its files, but for the calls that Node itself makes all the time, and how often at most. Each
   * by itself, as strace counts them: of all together it would only ever hit the first kind to come so far.
   */
  const CHANGES: Readonly<Record<string, number>> = {
    mkdir: 6,
    fchmod: 3,
    'fsync,fdatasync': 30,
    pwrite64: 300,
    ftruncate: 3,
    'link,linkat': 2,
    'unlink,unlinkat': 6,
  }
  const isAll = process.env.FAULTS === 'all'
  const moments = Object.entries(CHANGES).flatMap(([change, most]) => {
    const all = Array.from({ length: most }, (_, index) => [change, index + 1] as const)
    return isAll ? all : [all[Math.floor(Math.random() * most)]!]
  })

  function startKilledAt(...at: readonly (readonly [change: string, count: number])[]) {
    const trace = ['-e', `trace=${Object.keys(CHANGES)}`]
    const kill = at.flatMap(([change, count]) => ['-e', `inject=${change}:signal=KILL:when=${count}`])
    return home.start(['serve'], {
      settings,
      wrap: (command) => ['strace', '-D', '-f', '-qq', '-o', '/dev/null', ...trace, ...kill, ...command],
    })
  }

  it.skipIf(!canTrace).each(moments)(
    'at %s number %i of its files, can be started again',
    async (...moment) => {
      const killed = startKilledAt(moment)
      // A start that makes fewer was not hit: then it is killed as it is.
      await Promise.race([killed.ended, killed.printed(/Ctrl-C stops it/).catch(() => {})])
      await killed.stop('SIGKILL')
      await expectStarted()
    },
  )

  it.skipIf(!canTrace)('makes no change that is not among them', async () => {
    const beyond = Object.entries(CHANGES).map(([change, most]) => [change, most + 1] as const)
    await startKilledAt(...beyond).printed(/Ctrl-C stops it/)
  })
})

it.skipIf(!canTrace).each([1, 2])(
  'a restore that is killed at rename number %i leaves the store of before, or the backup',
  async (count) => {
    const backup = join(home.directory, 'backup.db')
    await (await home.serve({ settings })).stop()
    const key = home.adminKey()
    expect(await home.run(['backup', backup])).toMatchObject({ exitCode: 0 })
    const renames = 'rename,renameat,renameat2'
    const killed = home.start(['restore', backup], {
      wrap: (command) => [
        ...['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${renames}`],
        ...['-e', `inject=${renames}:signal=KILL:when=${count}`, ...command],
      ],
    })
    // One that makes fewer is not killed.
    const { exitCode } = await killed.ended
    expect([null, 0]).toContain(exitCode)
    if (count === 1) expect(exitCode).toBeNull()
    expect(await home.run(['restore', '--accept'])).toMatchObject({ exitCode: 0 })
    const service = await home.serve({ settings })
    // A new store would have another first key.
    expect(await call(service.url, { path: '/me', key })).toMatchObject({ status: 200 })
    await service.stop()
  },
)
