/** What nobody caught ends the process with the places in the program, and with nothing that was given to it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeCrash } from '../src/crash.ts'

const COMMAND = join(import.meta.dirname, '../bin/latchkey.js')
const KEY = `lk_live_${'Ab3'.repeat(16)}x`
const PASSWORD = 'Tr0ub4dor-and-3'
const SECRETS = [KEY, PASSWORD]

const withProperty = (error: Error, name: string, value: unknown) =>
  Object.defineProperty(error, name, { value })

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}

describe('of what was thrown', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'an error is told by name and place',
      new TypeError(PASSWORD),
      /: TypeError at packages\/cli\/test\/crash/,
    ],
    ['its code is told', thrownBy(() => readFileSync(`/${PASSWORD}`)), /Error \[ENOENT\] at node:fs:\d+/],
    ['a URL is not', thrownBy(() => new URL(PASSWORD)), /TypeError \[ERR_INVALID_URL\] at/],
    ['a JSON text is not', thrownBy(() => JSON.parse(`{"a":${PASSWORD}}`)), /SyntaxError at packages/],
    [
      'its causes are told alike',
      new Error('one', { cause: new RangeError(PASSWORD, { cause: PASSWORD }) }),
      /Error at [^,]+, because of RangeError at [^,]+, because of string was thrown\./,
    ],
    ['a text is not told', PASSWORD, /string was thrown/],
    ['an object is not', { [PASSWORD]: PASSWORD, message: KEY }, /object was thrown/],
    ['nothing is nothing', undefined, /undefined was thrown/],
    ['a name that is none', withProperty(new Error('x'), 'name', `Error ${PASSWORD}`), /: Error at packages/],
    ['a code that is none', withProperty(new Error('x'), 'code', PASSWORD), /: Error at packages/],
    [
      'a message that looks like a place',
      new Error(`x\n    at ${PASSWORD}\n    at /${PASSWORD}:1:1`),
      /: Error at packages/,
    ],
    ['a stack that is none', withProperty(new Error('x'), 'stack', PASSWORD), /at an unknown place/],
    [
      'an error that throws when it is looked at',
      Object.defineProperty(new Error('x'), 'cause', {
        get() {
          throw new Error(PASSWORD)
        },
      }),
      /: Error at packages/,
    ],
  ])('%s', (_what, thrown, told) => {
    const line = describeCrash(thrown)
    expect(line).toMatch(told)
    expect(line).not.toContain('\n')
    for (const secret of SECRETS) expect(line).not.toContain(secret)
  })

  it('a circle of causes ends', () => {
    const error = new Error('x')
    error.cause = error
    expect(describeCrash(error).match(/because of/g)).toHaveLength(3)
  })
})

describe('a process that fails in a way nobody foresaw', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'latchkey-crash-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  /** What Node runs before the program. */
  function preloaded(program: string): Record<string, string> {
    const file = join(directory, 'fails.cjs')
    writeFileSync(file, program)
    return {
      PATH: process.env.PATH ?? '',
      NODE_OPTIONS: `--require ${file}`,
      LATCHKEY_DATA_DIR: join(directory, 'data'),
      LATCHKEY_SECRET: '7d4e9a1c58f03b62e7a9d5c41f8b0e36',
      PORT: '0',
      FAULT_PASSWORD: PASSWORD,
      FAULT_KEY: KEY,
    }
  }

  /** When the service has said that it listens. */
  const WHEN_STARTED = `
    const write = process.stdout.write.bind(process.stdout)
    process.stdout.write = (text, ...rest) => {
      if (String(text).includes('Ctrl-C stops it')) setImmediate(fail)
      return write(text, ...rest)
    }`

  it.each([
    [
      'throws',
      "function fail() { throw new Error(process.env.FAULT_PASSWORD + ' ' + process.env.FAULT_KEY) }",
    ],
    ['rejects', 'function fail() { Promise.reject(new Error(process.env.FAULT_KEY)) }'],
    ['rejects with no error', 'function fail() { Promise.reject(process.env.FAULT_PASSWORD) }'],
    [
      'throws with properties',
      "function fail() { throw Object.assign(new TypeError('x'), { input: process.env.FAULT_PASSWORD }) }",
    ],
    [
      'emits',
      "function fail() { new (require('node:events'))().emit('error', new Error(process.env.FAULT_KEY)) }",
    ],
  ])('while it serves (it %s): 70, and one line without a secret', async (_how, program) => {
    const child = spawn(process.execPath, [COMMAND, 'serve'], { env: preloaded(`${program}${WHEN_STARTED}`) })
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    expect({ code, stderr }).toEqual({
      code: 70,
      stderr: expect.stringMatching(/^latchkey: This is a bug, please report it: [^\n]+\n$/m),
    })
    expectNowhere(stdout + stderr)
  })

  it('while it tells that it has started: 70, and it listens no more', async () => {
    const program = WHEN_STARTED.replace('setImmediate(fail)', 'throw new Error(process.env.FAULT_KEY)')
    const child = spawn(process.execPath, [COMMAND, 'serve'], { env: preloaded(program) })
    const [told, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect(code).toBe(70)
    expect(told).toMatch(/^latchkey: This is a bug, please report it: [^\n]+\n$/m)
    expectNowhere(told)
  })

  it('in a command: 70, and the same line', () => {
    const env = preloaded(
      "require('node:crypto').hkdfSync = () => { throw new Error(process.env.FAULT_PASSWORD) }; require('node:module').syncBuiltinESMExports()",
    )
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'bootstrap'], {
      env,
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 70, stdout: '' })
    expect(stderr).toMatch(/^latchkey: This is a bug, please report it: Error at [^\n]+\n$/)
    expectNowhere(stderr)
  })

  function expectNowhere(told: string): void {
    for (const secret of SECRETS) {
      expect(told).not.toContain(secret)
      const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
      const holders = files.filter((f) => readFileSync(join(f.parentPath, f.name), 'latin1').includes(secret))
      expect(holders.map(({ name }) => name)).toEqual([])
    }
  }
})
