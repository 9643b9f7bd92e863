import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diagnoseDataDir } from './data-dir.ts'

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
