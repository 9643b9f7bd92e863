import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRoomLeft } from '../storage/sqlite/room.ts'
import { diagnoseDataDir, roomFinding } from './data-dir.ts'

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-mode-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(process.platform === 'win32')('a data directory with the mode', () => {
  it.each([
    [0o700, 'ok', /writable/],
    // As a volume has it that belongs to a group.
    [0o770, 'warning', /its group can look inside/],
    [0o750, 'warning', /its group can look inside/],
    [0o2770, 'warning', /its group can look inside/],
    [0o755, 'problem', /other users of the machine can look inside/],
    [0o701, 'problem', /other users of the machine can look inside/],
    [0o777, 'problem', /other users of the machine can look inside/],
  ])('%o is found to be: %s', (mode, level, detail) => {
    chmodSync(directory, mode)
    expect(diagnoseDataDir(directory)).toMatchObject({ level, detail: expect.stringMatching(detail) })
  })
})

describe('a disk', () => {
  const [MIB, GIB] = [1024 ** 2, 1024 ** 3]

  it.each([
    ['large, with room', 2 * GIB, 100 * GIB, 'ok', /^2\.0 GiB free/],
    ['large, nearly full', 900 * MIB, 100 * GIB, 'warning', /^900\.0 MiB free/],
    ['large, with what is kept for deletions', 64 * MIB, 100 * GIB, 'problem', /nothing new can be created/],
    ['small, with room', 60 * MIB, 128 * MIB, 'ok', /^60\.0 MiB free/],
    ['small, nearly full', 20 * MIB, 128 * MIB, 'warning', /^20\.0 MiB free/],
    ['small, with what is kept for deletions', 6 * MIB, 128 * MIB, 'problem', /nothing new can be created/],
    ['full', 0, 100 * GIB, 'problem', /nothing can be stored/],
  ])('that is %s', (_name, freeBytes, allBytes, level, detail) => {
    const finding = roomFinding('/data', { freeBytes, allBytes }, true)
    expect(finding).toMatchObject({ level, detail: expect.stringMatching(detail) })
    // What the service refuses is no mere warning, and what it takes is no problem.
    expect(isRoomLeft({ freeBytes, allBytes })).toBe(level !== 'problem')
  })

  it('on which no file can be made', () => {
    const finding = roomFinding('/data', { freeBytes: GIB, allBytes: GIB }, false)
    expect(finding).toMatchObject({ level: 'problem', detail: expect.stringMatching(/inodes/) })
  })
})
