/** The code by which a page lets a backend ask, run against a service. */

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../packages/server/test/free-port.ts'
import { findProgram, type RunningProgram, startProgram } from './gateways/processes.ts'
import { callApi } from './installed/api.ts'
import { blocksOf } from './pages/page.ts'
import { NODE } from './program.ts'
import { createHome, type Home } from './running.ts'

const run = promisify(execFile)

let home: Home
let service: Awaited<ReturnType<Home['serve']>>
let env: { readonly PATH: string; readonly KEYS_API: string; readonly KEYS_KEY: string }
/** Keys of a customer. */
let good: string
let restricted: string
let narrow: string

beforeEach(async () => {
  home = createHome()
  service = await home.serve()
  const settings = { LATCHKEY_URL: service.url, LATCHKEY_API_KEY: home.adminKey() }
  const { userId } = await callApi(settings, 'GET', '/me')
  const make = async (fields: object) =>
    (await callApi(settings, 'POST', '/keys', { userId, permissions: ['orders:read'], ...fields })).key
  good = await make({})
  restricted = await make({ whitelistedIPs: ['192.0.2.0/24'] })
  narrow = await make({ permissions: ['invoices:read'] })
  const asking = await make({ permissions: ['keys:verify'] })
  env = { PATH: process.env.PATH ?? '', KEYS_API: service.url, KEYS_KEY: asking }
})

afterEach(() => home.dispose())

const codeOf = (language: string) =>
  blocksOf('docs/use/verification.md')
    .filter((block) => block.language === language)
    .map(({ text }) => text)

const write = (name: string, text = '') => writeFileSync(join(home.directory, name), text)

describe('the code for TypeScript', () => {
  let application: RunningProgram
  afterEach(() => application.stop())

  it('lets in whom it should, and nobody without a verdict', async () => {
    const port = await freePort()
    const [verify, app = ''] = codeOf('ts')
    write('verify.ts', verify)
    write('app.ts', app.replace('listen(3000,', `listen(${port},`))
    application = await startProgram(NODE, [join(home.directory, 'app.ts')], port, { env })
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
      return `${response.status} ${await response.text()}`
    }
    expect(await ask({ 'x-api-key': good })).toMatch(/^200 Hello, usr_\w+\n$/)
    expect(await ask({ 'x-api-key': restricted })).toBe('403 IP_NOT_ALLOWED')
    expect(await ask({ 'x-api-key': narrow })).toBe('403 INSUFFICIENT_PERMISSIONS')
    expect(await ask({ 'x-api-key': 'lk_live_none' })).toBe('401 NOT_FOUND')
    expect(await ask({})).toBe('401 ')
    await service.stop('SIGKILL')
    expect(await ask({ 'x-api-key': good })).toBe('503 ')
  })
})

const python = findProgram('python3')

describe.skipIf(python === undefined)('the code for Python', () => {
  const ask = (key: string) =>
    run(
      python!,
      ['-c', `from asking import verify; print(verify("${key}", "203.0.113.9", "orders:read")["code"])`],
      {
        cwd: home.directory,
        env,
      },
    )

  it('answers the verdict, and raises without one', async () => {
    write('asking.py', codeOf('python')[0])
    expect((await ask(good)).stdout).toBe('VALID\n')
    expect((await ask(restricted)).stdout).toBe('IP_NOT_ALLOWED\n')
    await service.stop('SIGKILL')
    await expect(ask(good)).rejects.toThrow('URLError')
  })
})
