/** Disks that take nothing, at a start and under `latchkey doctor`. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHome, type Home } from './running.ts'

const ONE_SENTENCE = /^latchkey: (?!.*Error:)[^\n]+\n$/
/** What would lose a store that is whole. */
const BAD_ADVICE = /\bmove|Restore a backup/

let home: Home
/** Only root may mount, and not in every container. */
let isMounted = false

beforeEach(() => {
  home = createHome()
  isMounted = false
})

afterEach(async () => {
  await home.killAll()
  if (isMounted) spawnSync('umount', [home.dataDir])
  await home.dispose()
})

function mount(options: string): boolean {
  mkdirSync(home.dataDir, { mode: 0o700 })
  isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', home.dataDir]).status === 0
  return isMounted
}

/** To the last page. */
function fill(): void {
  try {
    for (;;) appendFileSync(join(home.dataDir, 'ballast'), Buffer.alloc(4_096))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
}

/** Makes files until none can be made. */
function fillWithFiles(): void {
  try {
    for (let n = 0; ; n++) writeFileSync(join(home.dataDir, `empty-${n}`), '')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
}

const makeReadOnly = () => void spawnSync('mount', ['-o', 'remount,ro', home.dataDir])

async function makeStore(): Promise<void> {
  expect((await home.run(['bootstrap'])).exitCode).toBe(0)
}

async function expectRefused(sentence: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await home.start(['serve']).ended
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(ONE_SENTENCE)
  expect(stderr).toMatch(sentence)
  expect(stderr).not.toMatch(/permissions|\bmove/)
}

async function expectFound(sentence: RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await home.run(['doctor'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  expect(stdout).toMatch(sentence)
  expect(stdout).not.toMatch(BAD_ADVICE)
}

const places: readonly (readonly [string, string, () => void, RegExp, RegExp])[] = [
  ['a full disk', 'size=1M', fill, /the disk under .* is full\. Make room/, /problem +disk .*Make room/],
  [
    'a file system with no inodes left',
    'size=4M,nr_inodes=6',
    fillWithFiles,
    /can hold no more files \(inodes\)\. Remove files/,
    /problem +disk .*all inodes are taken\. Remove files/,
  ],
  [
    'a read-only file system',
    'size=4M',
    makeReadOnly,
    /the file system under .* is read-only\. Mount it for writing/,
    /problem +data directory .*is read-only\. Mount it for writing/,
  ],
]

describe.each(places)('%s', (_name, options, harm, told, found) => {
  it('is named at the first start, which leaves no half of a store', async ({ skip }) => {
    if (!mount(options)) skip('no file system can be mounted here')
    harm()
    await expectRefused(told)
    await expectFound(found)
    expect(readdirSync(home.dataDir)).not.toContain('latchkey.db')
  })

  it('is named at the start of a store, and doctor does not take the store for lost', async ({ skip }) => {
    if (!mount(options)) skip('no file system can be mounted here')
    await makeStore()
    harm()
    await expectRefused(told)
    await expectFound(found)
  })
})

describe('a full disk', () => {
  it('that has room again serves the store that was there', async ({ skip }) => {
    if (!mount('size=1M')) skip('no file system can be mounted here')
    await makeStore()
    fill()
    await expectRefused(/is full/)
    rmSync(join(home.dataDir, 'ballast'))
    await (await home.serve()).stop()
  })

  it.for([
    ['with no room at all', 0, /The restore to .*latchkey\.db failed: the disk under .* is full\. Make room/],
    ['with room for a part of it', 100, /The restore to .*latchkey\.db failed(:| \().* is full/],
  ] as const)(
    'takes no restore, says so, and keeps the store that was there: %s',
    async ([, freeKb, told], { skip }) => {
      if (!mount('size=1M')) skip('no file system can be mounted here')
      await makeStore()
      const copy = join(home.directory, 'copy.db')
      expect((await home.run(['backup', copy])).exitCode).toBe(0)
      fill()
      const ballast = join(home.dataDir, 'ballast')
      truncateSync(ballast, statSync(ballast).size - freeKb * 1024)
      const before = readdirSync(home.dataDir)
      const { exitCode, stdout, stderr } = await home.run(['restore', copy])
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
      expect(stderr).toMatch(ONE_SENTENCE)
      expect(stderr).toMatch(told)
      expect(readdirSync(home.dataDir)).toEqual(before)
      rmSync(ballast)
      await (await home.serve()).stop()
    },
  )

  it('that was full in the middle of the first start is started again, and the key can be read', async ({
    skip,
  }) => {
    if (!mount('size=240k')) skip('no file system can be mounted here')
    writeFileSync(join(home.dataDir, 'ballast'), Buffer.alloc(160 * 1024))
    await expectRefused(/is full/)
    rmSync(join(home.dataDir, 'ballast'))
    expect(spawnSync('mount', ['-o', 'remount,size=16M,mode=0700', home.dataDir]).status).toBe(0)
    const { url } = await home.serve()
    const me = await fetch(`${url}/me`, { headers: { 'X-API-KEY': home.adminKey() } })
    expect(me.status).toBe(200)
  })
})

describe.skipIf(process.getuid?.() !== 0)('doctor, as a user who may not', () => {
  const asNobody = (command: readonly string[]) => ['setpriv', '--reuid=65534', '--clear-groups', ...command]

  async function found(settings: Readonly<Record<string, string>> = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await home.start(['doctor'], { settings, wrap: asNobody }).ended
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
    return stdout
  }

  it('look into the data directory, has a finding for what it could not see', async () => {
    await makeStore()
    chmodSync(home.directory, 0o755)
    const text = await found()
    for (const check of ['data directory', 'server secret', 'database']) {
      expect(text).toMatch(new RegExp(`^problem  ${check} .*(permission denied|this user)`, 'm'))
    }
    expect(text).not.toMatch(BAD_ADVICE)
  })

  it('look into what is above it', async () => {
    await makeStore()
    chmodSync(home.directory, 0o700)
    const text = await found()
    expect(text).toMatch(
      /^problem +data directory +It could not be looked at .*as the user the service runs as/m,
    )
    expect(text).not.toMatch(BAD_ADVICE)
    expect(text).not.toContain('not made yet')
  })

  // A backup that root has put there is often one that all may read.
  it.each([
    ['its owner alone', 0o600],
    ['everybody', 0o644],
  ])('write a file of the store that %s may read', async (_who, mode) => {
    await makeStore()
    chmodSync(home.directory, 0o755)
    chmodSync(join(home.dataDir, 'latchkey.db'), mode)
    spawnSync('chown', ['-R', '65534:65534', home.dataDir])
    spawnSync('chown', ['0:0', join(home.dataDir, 'latchkey.db')])
    expect(await found()).toMatch(
      /^problem +database .*latchkey\.db cannot be read and written by this user/m,
    )
  })

  it('make the data directory', async () => {
    chmodSync(home.directory, 0o755)
    expect(await found()).toMatch(
      /^problem +data directory .*cannot be made by this user .*permission denied/m,
    )
  })
})

describe('doctor', () => {
  it('names a file where the data directory is to be made', async () => {
    writeFileSync(join(home.directory, 'file'), '')
    const settings = { LATCHKEY_DATA_DIR: join(home.directory, 'file', 'data') }
    const { exitCode, stdout } = await home.run(['doctor'], settings)
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^problem +data directory .*(ENOTDIR|not a directory)/m)
  })

  it('does not take a check that could not be run for damage', async () => {
    await makeStore()
    const { stdout } = await home.run(['doctor'], { NODE_OPTIONS: withoutThreads() })
    expect(stdout).toMatch(/^problem +integrity +It could not be checked: .*Nothing is known to be wrong/m)
    expect(stdout).not.toMatch(BAD_ADVICE)
    expect(existsSync(join(home.dataDir, 'latchkey.db'))).toBe(true)
  })

  /** In a thread, what is loaded first fails, as a file of the program does that is not there. */
  function withoutThreads(): string {
    const file = join(home.directory, 'no-threads.cjs')
    const program = "if (!require('node:worker_threads').isMainThread) throw new Error('Cannot find module')"
    writeFileSync(file, program)
    expect(readFileSync(file, 'utf8')).toBe(program)
    return `--require ${file}`
  }
})
