import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './calling.ts'
import {
  acknowledgedBy,
  createHistory,
  findHalves,
  findLost,
  type History,
  startWriters,
  untilAnswered,
} from './history.ts'
import { createHome, type Home } from './running.ts'

/** FAULTS=all: also what takes minutes. */
const isAll = process.env.FAULTS === 'all'

const settings = { LATCHKEY_LOG_LEVEL: 'fatal' }

let home: Home
let store: string
let history: History

beforeEach(() => {
  home = createHome()
  store = join(home.dataDir, 'latchkey.db')
  history = createHistory()
})

afterEach(() => home.dispose())

type Target = { readonly url: string; readonly key: string; readonly userId: string }

async function targetOf({ url }: { readonly url: string }): Promise<Target> {
  const key = home.adminKey()
  const me = await call(url, { path: '/me', key })
  return { url, key, userId: String(me.body.userId) }
}

const create = ({ url, key, userId }: Target) => call(url, { path: '/keys', key, body: { userId } })

/** Resolves after so many more acknowledgements. */
function acknowledged(more: number): Promise<void> {
  const enough = acknowledgedBy(history) + more
  return untilAnswered(history, () => acknowledgedBy(history) >= enough)
}

function expectUnavailable(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } })
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
}

/** After the fault: a new start finds everything acknowledged, nothing half there, and every chain whole. */
async function expectAllThere(): Promise<void> {
  const service = await home.serve({ settings })
  expect(await findLost(await targetOf(service), history)).toEqual([])
  await service.stop()
  expect(findHalves(store, history)).toEqual([])
  expect((await home.run(['audit', 'verify'])).stdout).toMatch(/every chain holds\.\n$/)
}

describe('a database that another program holds', () => {
  let holder: ChildProcess

  afterEach(() => void holder.kill('SIGKILL'))

  /** Takes the write lock in a process of its own, until its standard input ends. */
  async function hold(): Promise<{ release(): Promise<void> }> {
    const program = `
      const { DatabaseSync } = require('node:sqlite')
      const database = new DatabaseSync(process.argv[1], { timeout: 10000 })
      database.exec('BEGIN IMMEDIATE')
      process.stdout.write('held')
      process.stdin.resume().on('end', () => { database.exec('ROLLBACK'); database.close() })`
    holder = spawn(process.execPath, ['-e', program, store], { stdio: ['pipe', 'pipe', 'inherit'] })
    const { stdin, stdout } = holder
    if (stdin === null || stdout === null) throw new Error('the pipes were asked for')
    await new Promise((resolve) => stdout.once('data', resolve))
    return {
      async release() {
        stdin.end()
        await text(stdout)
      },
    }
  }

  it('for a moment makes writes wait, and verification goes on', async () => {
    const target = await targetOf(await home.serve({ settings }))
    const body = { key: target.key }
    const { release } = await hold()
    let isAnswered = false
    const writing = create(target).finally(() => {
      isAnswered = true
    })
    for (let n = 0; n < 10; n++) {
      const verdict = await call(target.url, { path: '/verify', key: target.key, body })
      expect(verdict.body).toMatchObject({ valid: true })
    }
    expect(isAnswered).toBe(false)
    await release()
    expect((await writing).status).toBe(201)
  })

  const holdsMs = isAll ? [0, 30_000] : [0]
  it.each(holdsMs)(
    'for longer refuses writes with 503, verifies meanwhile, and recovers (%i ms more)',
    async (ms) => {
      const service = await home.serve({ settings })
      const target = await targetOf(service)
      const first = await create(target)
      history.created.set(String(first.body.id), String(first.body.key))
      const { release } = await hold()
      const refused = await Promise.all([create(target), create(target), create(target)])
      for (const answer of refused) expectUnavailable(answer)
      await sleep(ms)
      expect(await findLost(target, history)).toEqual([])
      // A read needs no lock: the list and its total stand still.
      const list = await call(target.url, { path: '/keys', key: target.key })
      expect(list.body).toMatchObject({ total: 2 })
      await release()
      const again = await create(target)
      expect(again.status).toBe(201)
      history.created.set(String(again.body.id), String(again.body.key))
      await service.stop()
      expect(findHalves(store, history)).toEqual([])
    },
  )
})

describe('a disk that fails ends the service with 74, and loses nothing acknowledged', () => {
  const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0
  /** Enough for the start and some work; then every one fails. */
  const SYNCS_BEFORE = 60
  /** In blocks of 512 bytes (POSIX); the log of the store grows to 4 MB, and is refused this much sooner. */
  const FILE_BLOCKS_MAX = 2_000

  const underEio = (command: readonly string[]) => [
    ...['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'],
    ...['-e', `inject=fsync,fdatasync:error=EIO:when=${SYNCS_BEFORE}+`, ...command],
  ]
  const underLimit = (command: readonly string[]) => [
    ...['sh', '-c', `ulimit -f ${FILE_BLOCKS_MAX}; exec "$@"`, 'sh', ...command],
  ]

  it.skipIf(!canTrace)('when it is to keep what was written (needs strace)', () => expectEnd(underEio))
  it('when it is written to', () => expectEnd(underLimit))

  /** The service ends by itself with 74 and one sentence, and nothing that it acknowledged is lost. */
  async function expectEnd(wrap: (command: readonly string[]) => readonly string[]): Promise<void> {
    // The start of an empty store is not what is looked at.
    await (await home.serve({ settings })).stop()
    const service = await home.serve({ settings, wrap })
    const writers = startWriters(await targetOf(service), history, 4)
    const { exitCode, stderr } = await service.ended
    await writers.stop()
    expect(exitCode).toBe(74)
    expect(stderr).toMatch(/^latchkey: the disk under the data directory failed [^\n]+start again\.$/m)
    const lines = stderr.split('\n').filter((line) => line.startsWith('latchkey:') || line.startsWith(' '))
    expect(lines).toHaveLength(1)
    expect(history.created.size).toBeGreaterThan(0)
    await expectAllThere()
  }
})

describe('a full disk', () => {
  const DISK_BYTES = 4 * 1024 * 1024
  const BALLAST_BYTES = 1024 * 1024
  /** Only root may mount, and not in every container. */
  let isMounted = false

  beforeEach(() => {
    mkdirSync(home.dataDir, { mode: 0o700 })
    const options = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=0700`, 'tmpfs', home.dataDir]
    isMounted = spawnSync('mount', options).status === 0
  })

  afterEach(async () => {
    await home.killAll()
    if (isMounted) spawnSync('umount', [home.dataDir])
  })

  it('that is nearly full takes no creation any more, and every deletion', async ({ skip }) => {
    if (!isMounted) skip('no file system can be mounted here')
    const size = `remount,size=${64 * 1024 * 1024},mode=0700`
    expect(spawnSync('mount', ['-o', size, home.dataDir]).status).toBe(0)
    writeFileSync(join(home.dataDir, 'ballast'), Buffer.alloc(44 * 1024 * 1024))
    const service = await home.serve({ settings })
    const { url, key, userId } = await targetOf(service)
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`n${n}`, 'x'.repeat(500)]))
    const made: string[] = []
    for (;;) {
      const answer = await call(url, { path: '/keys', key, body: { userId, metadata } })
      if (answer.status !== 201) {
        expectUnavailable(answer)
        expect(answer.body.detail).toContain('nearly full')
        break
      }
      made.push(String(answer.body.id))
    }
    expect(made.length).toBeGreaterThan(30)
    for (const id of made) {
      expect((await call(url, { method: 'DELETE', path: `/keys/${id}`, key })).status).toBe(204)
    }
    expect((await call(url, { path: '/keys?limit=1', key })).body.total).toBe(1)
    await service.stop()
  })

  it('that takes not one byte more makes the service unready until there is room, and it verifies', async ({
    skip,
  }) => {
    if (!isMounted) skip('no file system can be mounted here')
    const target = await targetOf(await home.serve({ settings }))
    const readiness = () => call(target.url, { path: '/readyz', key: target.key })
    expect((await readiness()).status).toBe(200)
    const ballast = join(home.dataDir, 'ballast')
    fill(ballast)
    // A write that was proven some seconds ago counts until then.
    let answer = await readiness()
    while (answer.status === 200) answer = await readiness()
    expectUnavailable(answer)
    const verdict = await call(target.url, { path: '/verify', key: target.key, body: { key: target.key } })
    expect(verdict.body).toMatchObject({ valid: true })
    rmSync(ballast)
    while (answer.status === 503) answer = await readiness()
    expect(answer).toMatchObject({ status: 200, body: { status: 'ready' } })
  })

  /** To the last page. */
  function fill(file: string): void {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(4_096))
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' })
    }
  }

  it('refuses writes with 503, verifies meanwhile, and recovers when there is room', async ({ skip }) => {
    if (!isMounted) skip('no file system can be mounted here')
    const ballast = join(home.dataDir, 'ballast')
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES))
    const service = await home.serve({ settings })
    const target = await targetOf(service)
    const writers = startWriters(target, history, 4)
    await untilAnswered(history, () => history.refusals.length >= 8)
    for (const answer of history.refusals) expectUnavailable(answer)
    expect(await findLost(target, history)).toEqual([])
    expect(history.created.size).toBeGreaterThan(0)
    rmSync(ballast)
    await acknowledged(20)
    await writers.stop()
    expect(await findLost(target, history)).toEqual([])
    await service.stop()
    expect(findHalves(store, history)).toEqual([])
    expect((await home.run(['audit', 'verify'])).stdout).toMatch(/every chain holds\.\n$/)
  })
})

describe('a backup', () => {
  // Copied in steps between the writes of others; the large one takes dozens of steps.
  it.each([0, 100_000_000])(
    'taken while clients write as fast as they can holds every write acknowledged before it (%i bytes more)',
    async (bytes) => {
      if (bytes > 0) await fatten(bytes)
      const service = await home.serve({ settings })
      const target = await targetOf(service)
      const reader = holdSnapshot()
      const writers = startWriters(target, history, 16)
      await acknowledged(300)
      const before = {
        ...createHistory(),
        created: new Map(history.created),
        deleted: new Set(history.deleted),
      }
      const copy = join(home.directory, 'copy.db')
      expect(await home.run(['backup', copy])).toMatchObject({ exitCode: 0, stderr: '' })
      expect(history.created.size).toBeGreaterThan(before.created.size)
      await writers.stop()
      expect(history.refusals).toEqual([])
      reader.close()
      await service.stop()
      // Their deletion was asked for while the copy was made: it may hold them dead or alive.
      for (const id of history.asked) before.asked.add(id)
      expect(findHalves(copy, before)).toEqual([])
      await expectRestored(
        target,
        copy,
        before,
        bytes === 0 ? /All is well\.\n$/ : /warning +objects .*"ballast"/,
      )
    },
  )

  /** Keeps the log from being read into the file: a copy of the file alone would lack all that follows. */
  function holdSnapshot(): DatabaseSync {
    const reader = new DatabaseSync(store, { readOnly: true })
    reader.exec('BEGIN; SELECT count(*) FROM keys')
    return reader
  }

  async function fatten(bytes: number): Promise<void> {
    await (await home.serve({ settings })).stop()
    const database = new DatabaseSync(store)
    database.exec('CREATE TABLE ballast (bytes BLOB NOT NULL) STRICT')
    const insert = database.prepare('INSERT INTO ballast VALUES (randomblob(1000000))')
    for (let written = 0; written < bytes; written += 1_000_000) insert.run()
    database.close()
  }

  async function expectRestored(target: Target, copy: string, before: History, found: RegExp): Promise<void> {
    expect((await home.run(['restore', copy])).exitCode).toBe(0)
    expect((await home.run(['restore', '--accept'])).exitCode).toBe(0)
    const { url, stop } = await home.serve({ settings })
    expect(await findLost({ ...target, url }, before)).toEqual([])
    expect((await create({ ...target, url })).status).toBe(201)
    await stop()
    const [chains, doctor] = await Promise.all([home.run(['audit', 'verify']), home.run(['doctor'])])
    expect(chains.stdout).toMatch(/every chain holds\.\n$/)
    expect(doctor.stdout).toMatch(found)
  }
})
