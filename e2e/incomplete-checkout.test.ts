/** The source, where something of it is missing. The package says the same of itself: packed.test.ts. */
import { cpSync, existsSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHome, type Home } from './running.ts'

let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(() => home.dispose())

describe('a checkout that is not whole', () => {
  const CLI = join(import.meta.dirname, '../packages/cli')
  let launcher: string

  beforeEach(() => {
    const copy = join(home.directory, 'packages/cli')
    for (const part of ['bin', 'src', 'package.json']) {
      cpSync(join(CLI, part), join(copy, part), { recursive: true })
    }
    launcher = join(copy, 'bin/latchkey.js')
  })

  const withPackages = () =>
    symlinkSync(join(import.meta.dirname, '../node_modules'), join(home.directory, 'node_modules'))
  const without = (file: string) => {
    withPackages()
    unlinkSync(join(home.directory, 'packages/cli', file))
  }

  it.each([
    ['without the packages it needs', () => {}, /^latchkey: (?:commander|@latchkey\/core) is missing,/],
    ['without a file', () => without('src/forgotten.ts'), /^latchkey: \S+src\/forgotten\.ts is missing,/],
    ['without a command', () => without('src/commands/serve.ts'), /^latchkey: \S+serve\.ts is missing,/],
    [
      'without its first file',
      () => without('src/main.ts'),
      /^latchkey: \S+packages\/cli\/src\/main\.ts is missing,/,
    ],
  ])('%s says so in one sentence, with the remedy, and makes nothing', async (_what, harm, told) => {
    harm()
    const wrap = ([node = '', , ...rest]: readonly string[]) => [node, launcher, ...rest]
    const { exitCode, stdout, stderr } = await home.start(['serve'], { wrap }).ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(told)
    expect(stderr).toMatch(/^latchkey: [^\n]+ npm ci [^\n]+ git status [^\n]+\n$/)
    expect(existsSync(home.dataDir)).toBe(false)
  })
})
