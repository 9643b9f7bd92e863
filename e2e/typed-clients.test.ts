/** openapi.json is enough to make a typed client from, with more than one generator, and the client works. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHome, type Home } from './running.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const TEST_MS_MAX = 120_000

let directory: string
let home: Home
let url: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-clients-'))
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  home = createHome()
  ;({ url } = await home.serve())
})
afterAll(async () => {
  await home.dispose()
  rmSync(directory, { recursive: true, force: true })
})

const bin = (name: string) => join(root, 'node_modules/.bin', name)

/** Compiles strictly, then runs it. Answers what it printed. */
async function compileAndRun(file: string, text: string): Promise<unknown> {
  writeFileSync(join(directory, file), text)
  const flags = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext']
  const more = ['--lib', 'es2023,dom,dom.iterable', '--allowImportingTsExtensions', '--ignoreConfig']
  await run(bin('tsc'), [...flags, ...more, file], { cwd: directory })
  const bundled = ['--experimental-transform-types', '--no-warnings', file]
  const env = { PATH: process.env.PATH, API: url, KEY: home.adminKey() }
  const { stdout } = await run(process.execPath, bundled, { cwd: directory, env })
  return JSON.parse(stdout)
}

test('a client made by oazapfts makes a key without a mode, and reads it', {
  timeout: TEST_MS_MAX,
}, async () => {
  await run(bin('oazapfts'), [join(root, 'openapi.json'), join(directory, 'oazapfts.ts')])
  const printed = await compileAndRun(
    'with-oazapfts.ts',
    `import { createApiKey, defaults, getApiKey, getMe } from './oazapfts.ts'
defaults.baseUrl = process.env.API!
defaults.headers = { 'X-API-KEY': process.env.KEY! }
declare const process: { env: Record<string, string | undefined> }
const me = await getMe()
if (me.status !== 200) throw new Error(me.data.code)
const made = await createApiKey({ userId: me.data.userId, whitelistedIPs: ['192.0.2.1'] })
if (made.status !== 201) throw new Error(made.data.code)
const mode: 'live' | 'test' = made.data.mode
const read = await getApiKey(made.data.id)
console.log(JSON.stringify({ mode, status: read.status, type: me.data.credential.type satisfies 'key' | 'session' | 'user' }))
`,
  )
  expect(printed).toEqual({ mode: 'live', status: 200, type: 'key' })
})

test('so does one made by swagger-typescript-api', { timeout: TEST_MS_MAX }, async () => {
  const flags = [
    'generate',
    '-p',
    join(root, 'openapi.json'),
    '-o',
    directory,
    '-n',
    'swagger.ts',
    '--silent',
  ]
  await run(bin('swagger-typescript-api'), flags, { cwd: directory })
  const printed = await compileAndRun(
    'with-swagger.ts',
    `import { Api } from './swagger.ts'
declare const process: { env: Record<string, string | undefined> }
const api = new Api({
  baseUrl: process.env.API!,
  baseApiParams: { headers: { 'X-API-KEY': process.env.KEY! } },
})
const me = (await api.me.getMe()).data
const made = (await api.keys.createApiKey({ userId: me.userId })).data
const list = (await api.keys.listApiKeys({ limit: 5 })).data
console.log(JSON.stringify({ mode: made.mode satisfies 'live' | 'test', isListed: list.data.some(({ id }) => id === made.id) }))
`,
  )
  expect(printed).toEqual({ mode: 'live', isListed: true })
})
