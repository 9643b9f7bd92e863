/** Commands on the host when the disk is full: one clear sentence, and nothing half done. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

const ONE_SENTENCE = /^latchkey: (?!.*Error:)[^\n]+\n$/
const settings = { LATCHKEY_LOG_LEVEL: 'fatal' }

let home: Home
/** A small disk of its own, besides that of the data directory. */
let elsewhere: string
const mounted: string[] = []
let made: { readonly id: string; readonly key: string }
let companyId: string
let userId: string

/** Only root may mount, and not in every container. */
function mount(directory: string): boolean {
  mkdirSync(directory, { mode: 0o700 })
  const isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4M,mode=0700', 'tmpfs', directory]).status === 0
  if (isMounted) mounted.push(directory)
  return isMounted
}

/** To the last page. */
function fill(directory: string): void {
  try {
    for (;;) appendFileSync(join(directory, 'ballast'), Buffer.alloc(4_096))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
}

const makeRoom = (directory: string) => rmSync(join(directory, 'ballast'))

beforeAll(async () => {
  home = createHome()
  elsewhere = join(home.directory, 'elsewhere')
  if (!mount(home.dataDir) || !mount(elsewhere)) return
  const first = JSON.parse((await home.run(['bootstrap', '--json'])).stdout)
  companyId = first.companyId
  userId = first.userId
  made = JSON.parse((await home.run(['keys', 'create', '--user', userId, '--json'])).stdout)
})
afterAll(async () => {
  await home.killAll()
  for (const directory of mounted) spawnSync('umount', [directory])
  await home.dispose()
})

const now = () => new Date().toISOString()
const events = 'events.ndjson'

const commands: readonly (readonly [string, () => readonly string[]])[] = [
  ['keys delete', () => ['keys', 'delete', made.id, '--yes']],
  ['keys rotate', () => ['keys', 'rotate', made.id]],
  ['keys create', () => ['keys', 'create', '--user', userId]],
  ['audit prune', () => ['audit', 'prune', '--before', now(), '--export', join(elsewhere, events)]],
]

async function expectWhole(): Promise<void> {
  const { exitCode, stdout } = await home.run(['audit', 'verify'])
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1 company, 4 events: every chain holds.\n' })
}

describe('a full disk under the store', () => {
  it('stops every command that writes, with nothing done, and none when there is room again', async ({
    skip,
  }) => {
    if (mounted.length < 2) skip('no file system can be mounted here')
    const service = await home.serve({ settings })
    const use = () => call(service.url, { path: '/me', key: made.key })
    expect((await use()).status).toBe(200)
    fill(home.dataDir)
    for (const [name, argsOf] of commands) {
      const { exitCode, stdout, stderr } = await home.run(argsOf())
      expect({ name, exitCode, stdout }).toEqual({ name, exitCode: 1, stdout: '' })
      expect(stderr).toMatch(ONE_SENTENCE)
      expect(stderr).toMatch(/disk .*is full/)
      expect((await use()).status).toBe(200)
    }
    makeRoom(home.dataDir)
    rmSync(join(elsewhere, events), { force: true })
    await expectWhole()
    await service.stop()
  })

  it('is named when no service runs, too', async ({ skip }) => {
    if (mounted.length < 2) skip('no file system can be mounted here')
    fill(home.dataDir)
    for (const [name, argsOf] of commands) {
      const { exitCode, stdout, stderr } = await home.run(argsOf())
      expect({ name, exitCode, stdout }).toEqual({ name, exitCode: 1, stdout: '' })
      expect(stderr).toMatch(ONE_SENTENCE)
      expect(stderr).toMatch(/the disk under .* is full/)
    }
    makeRoom(home.dataDir)
    await expectWhole()
  })
})

describe('a full disk elsewhere', () => {
  it('stops a prune and a backup that go there, and leaves no part of a file', async ({ skip }) => {
    if (mounted.length < 2) skip('no file system can be mounted here')
    fill(elsewhere)
    const before = readdirSync(elsewhere)
    for (const args of [
      ['audit', 'prune', '--before', now(), '--export', join(elsewhere, events)],
      ['backup', join(elsewhere, 'copy.db')],
    ]) {
      const { exitCode, stdout, stderr } = await home.run(args)
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 1, stdout: '' })
      expect(stderr).toMatch(ONE_SENTENCE)
      expect(stderr).toMatch(/the disk under .*elsewhere is full\. Make room there/)
    }
    expect(readdirSync(elsewhere)).toEqual(before)
    makeRoom(elsewhere)
    await expectWhole()
    const pruned = await home.run(['audit', 'prune', '--before', now(), '--export', join(elsewhere, events)])
    expect(pruned).toMatchObject({ exitCode: 0, stderr: '' })
    expect(existsSync(join(elsewhere, events))).toBe(true)
    expect((await home.run(['audit', 'verify'])).exitCode).toBe(0)
  })

  it('is told of the report of an import: what is in stays in, and the next try says so', async ({
    skip,
  }) => {
    if (mounted.length < 2) skip('no file system can be mounted here')
    const list = join(home.directory, 'keys.csv')
    const rows = Array.from({ length: 60 }, () => `shop_${randomBytes(20).toString('hex')}`)
    writeFileSync(list, ['key', ...rows].join('\n'))
    const importing = (report: string) =>
      home.run([
        'import',
        list,
        '--from',
        'csv',
        '--company',
        companyId,
        '--user',
        userId,
        '--report',
        join(elsewhere, report),
      ])
    fill(elsewhere)
    const { exitCode, stdout, stderr } = await importing('first.ndjson')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(ONE_SENTENCE)
    expect(stderr).toContain(
      'cannot be written to its end (ENOSPC). What was imported stays: make room there',
    )
    makeRoom(elsewhere)
    expect(await importing('second.ndjson')).toMatchObject({
      exitCode: 0,
      stdout: '0 created, 60 were here already, 0 refused.\n',
    })
  })
})
