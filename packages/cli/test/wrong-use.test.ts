import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const COMMAND = join(import.meta.dirname, '../bin/latchkey.js')

describe('a wrong command line', () => {
  it.each([
    [['srve'], 'did you mean serve', /unknown command 'srve'\n\(Did you mean serve\?\)\n\(latchkey --help/],
    [['keys', 'creat'], 'did you mean create', /unknown command 'creat'\n\(Did you mean create\?\)/],
    [['backup'], 'what is missing, and where help is', /missing required argument 'file'\n\(.*--help/],
    [
      ['serve', '--port', '80'],
      'that settings come from the environment',
      /unknown option '--port'\n\(.*PORT=8080 latchkey serve/,
    ],
  ])('%j is told %s, with exit code 2', (args, _what, told) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' })
    expect(stderr).toMatch(told)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })
})
