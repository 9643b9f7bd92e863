import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildClient, minified } from '../scripts/build-client.ts'
import { type InstalledVerifier, startInstalledVerifier } from './installed-verifier.ts'
import { createHome, type Home } from './running.ts'

const run = promisify(execFile)
const FOLDER = join(import.meta.dirname, 'installed-client')
/** Installing takes half a minute when nothing else does. */
const INSTALL_MS_MAX = 300_000
/** Of a slow machine. Milliseconds. */
const PATIENCE = { timeout: 30_000, interval: 50 }
const API_BYTES_MAX = 6_000
const WHOLE_BYTES_MAX = 16_000
const GUARD_BYTES_MAX = 8_000

type Settings = { readonly LATCHKEY_URL: string; readonly LATCHKEY_API_KEY: string }
type Headers = Readonly<Record<string, string | string[]>>
type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

let directory: string
let home: Home
let settings: Settings
/** Where each application listens, by who judges its requests. */
const applications: Record<string, Record<string, string>> = {}
const running: ChildProcess[] = []
const credentials: Record<string, string> = {}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-installed-'))
  home = createHome()
  const [service] = await Promise.all([
    home.serve({
      settings: { LATCHKEY_TRUSTED_PROXIES: '127.0.0.0/8', LATCHKEY_FAILED_AUTH_PER_MINUTE: '10000' },
    }),
    installPacked(),
  ])
  settings = { LATCHKEY_URL: service.url, LATCHKEY_API_KEY: home.adminKey() }
  await makeCredentials()
  for (const judge of JUDGES) applications[judge] = await startApplications(judge)
}, INSTALL_MS_MAX)

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await home.dispose()
  rmSync(directory, { recursive: true, force: true })
})

/** The packed package in a folder that knows nothing of this repository, beside the frameworks. */
async function installPacked(): Promise<void> {
  const built = join(directory, 'built')
  cpSync(FOLDER, directory, { recursive: true })
  await buildClient(built)
  const packed = await run('npm', ['pack', '--silent', built], { cwd: directory })
  const cwd = directory
  await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd })
  await run(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', packed.stdout.trim()],
    { cwd },
  )
}

/** One call of the service by its API. */
async function call(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Record<'id' | 'key' | 'token' | 'userId', string>> {
  const response = await fetch(`${settings.LATCHKEY_URL}${path}`, {
    method,
    headers: { 'x-api-key': settings.LATCHKEY_API_KEY, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return JSON.parse((await response.text()) || '{}')
}

async function makeCredentials(): Promise<void> {
  const { userId } = await call('GET', '/me')
  const make = (fields: object = {}) => call('POST', '/keys', { userId, ...fields })
  const tokenOf = async (key: string, permission: string) => {
    const request = { permissions: [permission] }
    return (await call('POST', '/auth/token/short-lived', request, { 'x-api-key': key })).token
  }
  const [good, deleted, disabled, rotated] = [await make(), await make(), await make(), await make()]
  await call('DELETE', `/keys/${deleted.id}`)
  await call('PATCH', `/keys/${disabled.id}`, { enabled: false })
  await call('POST', `/keys/${rotated.id}/rotation`, { overlapSeconds: 0 })
  const user = await call('POST', '/users', { name: 'Gone', role: 'developer' })
  const ofInactiveUser = await call('POST', '/keys', { userId: user.id })
  await call('PATCH', `/users/${user.id}`, { status: 'inactive' })
  const company = await call('POST', '/companies', { name: 'Tenant' })
  const inCompany = { 'x-company-id': company.id }
  const tenant = await call('POST', '/users', { name: 'T', role: 'owner' }, inCompany)
  const ofInactiveCompany = await call('POST', '/keys', { userId: tenant.id }, inCompany)
  await call('PATCH', `/companies/${company.id}`, { status: 'inactive' })
  Object.assign(credentials, {
    good: good.key,
    deleted: deleted.key,
    disabled: disabled.key,
    replaced: rotated.key,
    narrow: (await make({ permissions: ['invoices:read', 'keys:read'] })).key,
    restricted: (await make({ whitelistedIPs: ['192.0.2.0/24'] })).key,
    ofInactiveUser: ofInactiveUser.key,
    ofInactiveCompany: ofInactiveCompany.key,
    token: await tokenOf(good.key, 'orders:read'),
    narrowToken: await tokenOf(good.key, 'keys:read'),
    unknown: `${good.key.slice(0, -1)}${good.key.endsWith('a') ? 'b' : 'a'}`,
  })
}

function startApplications(judge: string): Promise<Record<string, string>> {
  const child = spawn(process.execPath, ['applications.mjs', judge], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.endsWith('\n')) resolve(JSON.parse(text))
    })
    child.once('close', (code) => reject(new Error(`the applications ended with ${code}`)))
  })
}

/** With Node's own client, which can send a header twice. */
function ask(url: string, headers: Headers): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.once('error', reject).end()
  })
}

/** The challenge without its sentence, which the application says in words of its own. */
const challengeOf = ({ headers }: Answer) =>
  String(headers['www-authenticate'] ?? '').replace(/, error_description=.*/, '')

const FROM_OFFICE = { 'x-forwarded-for': '192.0.2.7' }

const key = (name: string) => () => ({ 'x-api-key': credentials[name] ?? '' })
const bearer = (name: string) => () => ({ authorization: `Bearer ${credentials[name]}` })

const REQUESTS: readonly (readonly [string, () => Headers, number, string])[] = [
  ['no credential', () => ({}), 401, 'missing_credentials'],
  ['an empty one', () => ({ 'x-api-key': '' }), 401, 'missing_credentials'],
  ['a good key', key('good'), 200, '-'],
  ['a good key as a bearer', bearer('good'), 200, '-'],
  ['a good key in both headers', () => ({ ...key('good')(), ...bearer('good')() }), 200, '-'],
  ['a token', bearer('token'), 200, '-'],
  ['a token as a key', key('token'), 401, 'invalid_credentials'],
  ['a token that may do less', bearer('narrowToken'), 403, 'missing_permission'],
  ['a typo', key('unknown'), 401, 'invalid_credentials'],
  ['no key at all', () => ({ 'x-api-key': 'hello' }), 401, 'invalid_credentials'],
  ['another scheme', () => ({ authorization: 'Basic YTpi' }), 401, 'invalid_credentials'],
  ['a scheme without a credential', () => ({ authorization: 'Bearer' }), 401, 'invalid_credentials'],
  ['a key with a space in it', () => ({ 'x-api-key': `${credentials.good} x` }), 401, 'invalid_credentials'],
  [
    'one header twice',
    () => ({ 'x-api-key': [credentials.good!, credentials.good!] }),
    401,
    'invalid_credentials',
  ],
  ['two credentials', () => ({ ...key('good')(), ...bearer('narrow')() }), 401, 'invalid_credentials'],
  ['a deleted key', key('deleted'), 401, 'key_inactive'],
  ['a disabled key', key('disabled'), 401, 'key_inactive'],
  ['a secret that was replaced', key('replaced'), 401, 'key_inactive'],
  ['a key of an inactive user', key('ofInactiveUser'), 401, 'user_inactive'],
  ['a key of an inactive company', key('ofInactiveCompany'), 401, 'company_inactive'],
  ['a key with other permissions', key('narrow'), 403, 'missing_permission'],
  ['a restricted key from its address', () => ({ ...key('restricted')(), ...FROM_OFFICE }), 200, '-'],
  [
    'a restricted key from elsewhere',
    () => ({ ...key('restricted')(), 'x-forwarded-for': '203.0.113.9' }),
    403,
    'ip_not_allowed',
  ],
  [
    'a restricted key from elsewhere that says it is not',
    () => ({ ...key('restricted')(), 'x-forwarded-for': '192.0.2.7, 203.0.113.9' }),
    403,
    'ip_not_allowed',
  ],
  [
    'a restricted key from nowhere',
    () => ({ ...key('restricted')(), 'x-forwarded-for': 'x' }),
    403,
    'client_ip_unknown',
  ],
]

/** The service itself, or the memory of the application. */
const JUDGES = ['latchkey', 'verifier']
const ADAPTERS = ['express', 'koa', 'fastify', 'hono', 'nest', 'fetch', 'next']

describe.each(JUDGES.flatMap((judge) => ADAPTERS.map((name) => [name, judge] as const)))(
  '%s with a %s answers as a gateway would',
  (name, judge) => {
    test.each(REQUESTS)('%s', async (_name, headersOf, status, code) => {
      const headers = { 'x-forwarded-for': '198.51.100.1', ...headersOf() }
      const answer = await ask(`${applications[judge]?.[name]}/orders`, headers)
      const gateway = await ask(`${settings.LATCHKEY_URL}/gateway/check?permission=orders:read`, headers)
      expect([gateway.status, gateway.headers['x-auth-error']]).toEqual([status, code])
      expect(answer.status).toBe(status)
      const body = JSON.parse(answer.text)
      if (status === 200) return expect(body.keyId).toBe(gateway.headers['x-auth-key-id'])
      expect(body).toMatchObject({ status, code })
      expect(answer.headers['content-type']).toMatch('application/problem+json')
      expect(challengeOf(answer)).toBe(challengeOf(gateway))
      expect(answer.text).not.toContain(credentials.good)
    })
  },
)

describe.each(JUDGES)('tRPC with a %s answers as a gateway would', (judge) => {
  test.each(REQUESTS)('%s', async (_name, headersOf, status, code) => {
    const answer = await ask(`${applications[judge]?.trpc}/orders`, {
      'x-forwarded-for': '198.51.100.1',
      ...headersOf(),
    })
    expect(answer.status).toBe(status)
    const body = JSON.parse(answer.text)
    if (status === 200) expect(body.result.data.keyId).toMatch(/^key_/)
    else expect(body.error.problem).toMatchObject({ status, code })
  })
})

describe('a verifier of the packed package', () => {
  let verifier: InstalledVerifier
  const verify = (key: string) => verifier.ask(`verify ${key}`) as Promise<{ code?: string; error?: string }>
  const makeKey = async () => call('POST', '/keys', { userId: (await call('GET', '/me')).userId })

  beforeAll(async () => {
    verifier = startInstalledVerifier('verifying.mjs', directory, settings)
    expect(await verifier.ask('ready')).toBe(true)
  })

  test('accepts a key from memory, and refuses it when DELETE was answered', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const { id, key } = await makeKey()
      expect(await verify(key)).toEqual({ code: 'VALID', isAtOnce: false })
      expect(await verify(key)).toEqual({ code: 'VALID', isAtOnce: true })
      await call('DELETE', `/keys/${id}`)
      expect(await verify(key)).toMatchObject({ code: 'INACTIVE' })
    }
  })

  test('tells the service what it judged', async () => {
    const { id, key } = await makeKey()
    const other = startInstalledVerifier('verifying.mjs', directory, settings)
    await other.ask('ready')
    for (let turn = 0; turn < 3; turn++) await other.ask(`verify ${key}`)
    // Nothing is left that would keep a process alive, and it ends when its input does.
    expect(await other.ask('close')).toEqual([])
    expect(await other.end()).toBe(0)
    const used = (await call('GET', `/keys/${id}`)) as unknown as { lastUsedAt: string | null }
    expect(used.lastUsedAt).not.toBeNull()
  })

  test('refuses when its service is gone, and is well again when it is back', async () => {
    const own = createHome()
    try {
      const first = await own.serve()
      const { port } = new URL(first.url)
      const cut = startInstalledVerifier('verifying.mjs', directory, {
        LATCHKEY_URL: first.url,
        LATCHKEY_API_KEY: own.adminKey(),
      })
      const key = own.adminKey()
      await cut.ask('ready')
      expect(await cut.ask(`verify ${key}`)).toMatchObject({ code: 'VALID' })
      expect(await cut.ask(`verify ${key}`)).toEqual({ code: 'VALID', isAtOnce: true })
      await first.stop('SIGKILL')
      await vi.waitUntil(async () => ((await cut.ask('states')) as string[]).at(-1) === 'cut-off', PATIENCE)
      expect(await cut.ask(`verify ${key}`)).toMatchObject({ error: 'cannot_verify' })
      await own.serve({ settings: { PORT: port } })
      await vi.waitUntil(async () => ((await cut.ask('states')) as string[]).at(-1) === 'fresh', PATIENCE)
      await cut.ask(`verify ${key}`)
      expect(await cut.ask(`verify ${key}`)).toEqual({ code: 'VALID', isAtOnce: true })
      // It was not closed, and keeps the process no longer than its input does.
      expect(await cut.end()).toBe(0)
    } finally {
      await own.dispose()
    }
  })

  afterAll(async () => {
    expect(await verifier.end()).toBe(0)
  })
})

describe('the packed package', () => {
  test('holds what runs and nothing else', () => {
    const files = globSync('**/*', {
      cwd: join(directory, 'node_modules/@latchkey/client'),
      withFileTypes: true,
    })
    const names = files.filter((file) => file.isFile()).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(20)
    for (const name of names)
      expect(name).toMatch(/\.(?:js|cjs|d\.ts|d\.cts)$|^(?:package\.json|README\.md|LICENSE)$/)
  })

  test('is one package by both module systems', async () => {
    const env = { PATH: process.env.PATH ?? '', ...settings }
    const { stdout } = await run(process.execPath, ['required.cjs'], { cwd: directory, env })
    expect(JSON.parse(stdout)).toEqual({
      isOwnError: true,
      isErrorOfOther: true,
      code: 'key_not_found',
      isSameKey: true,
      listed: 1,
    })
  })

  test.each([
    [
      'an application in TypeScript compiles, by both module systems',
      ['typescript/bin/tsc', '-p', 'tsconfig.json'],
    ],
    [
      'publint finds nothing',
      ['publint/src/cli.js', '--strict', 'node_modules/@latchkey/client', '--pack', 'false'],
    ],
  ])('%s', async (_name, [script = '', ...rest]) => {
    await run(process.execPath, [join('node_modules', script), ...rest], { cwd: directory })
  })

  test('its types are right for whoever imports or requires it', async () => {
    const [packed = ''] = globSync('latchkey-client-*.tgz', { cwd: directory })
    const attw = join(directory, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    await run(process.execPath, [attw, packed, '--profile', 'node16'], { cwd: directory })
  })

  test.each([
    ['index', API_BYTES_MAX],
    ['express', GUARD_BYTES_MAX],
  ] as const)('%s is small, minified and compressed', async (entry, bytesMax) => {
    expect(gzipSync((await minified(entry)).atOnce).length).toBeLessThanOrEqual(bytesMax)
  })

  test('is small with the verifier, too, which is loaded when one is made', async () => {
    const { atOnce, whole } = await minified('index')
    expect(gzipSync(whole).length).toBeLessThanOrEqual(WHOLE_BYTES_MAX)
    expect(atOnce.length).toBeLessThan(whole.length / 2)
  })

  test('takes nothing from Node that a bundle for elsewhere would look for', () => {
    const cwd = join(directory, 'node_modules/@latchkey/client')
    for (const path of globSync('**/*.{js,cjs}', { cwd }))
      expect(readFileSync(join(cwd, path), 'utf8')).not.toMatch(/(?:from|import|require\()\s*["']node:/)
  })
})
