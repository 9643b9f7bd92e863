/** The packed client, installed outside the repository beside real frameworks; with PLATFORMS=all on all of them. */

import { execFile } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../packages/server/test/free-port.ts'
import { minified } from '../scripts/build-client.ts'
import { callApi, type Settings } from './installed/api.ts'
import { type Application, startApplication } from './installed/application.ts'
import { type Credentials, makeCredentials } from './installed/credentials.ts'
import { APPLICATIONS, fileOfShop, SHOPS, writeDocumented } from './installed/documented.ts'
import { buildNext, NEXT_VERSIONS, startNext } from './installed/next.ts'
import { installPacked, packClient } from './installed/package.ts'
import { installRuntime, PLATFORMS, type Platform } from './installed/platforms.ts'
import { type Answer, ask, challengeOf, type Headers, REQUESTS } from './installed/requests.ts'
import { startStranger } from './installed/stranger.ts'
import { type InstalledVerifier, startInstalledVerifier } from './installed/verifier.ts'
import { openWay } from './installed/way.ts'
import { createHome, type Home } from './running.ts'

const run = promisify(execFile)
const FOLDER = join(import.meta.dirname, 'installed-client')
const FOLDER_OF_NEXT = join(import.meta.dirname, 'installed-next')
/** Installing takes half a minute when nothing else does. */
const INSTALL_MS_MAX = 300_000
/** Of a slow machine. Milliseconds. */
const PATIENCE = { timeout: 30_000, interval: 50 }
const API_BYTES_MAX = 6_000
const WHOLE_BYTES_MAX = 16_000
const GUARD_BYTES_MAX = 8_000
/** The service itself, or the memory of the application. */
const JUDGES = ['latchkey', 'verifier']
const ADAPTERS = ['express', 'koa', 'fastify', 'hono', 'nest', 'nest on fastify', 'fetch', 'next']
/** It takes as long to install and to build as all others together. */
const MODES_OF_NEXT = process.env.PLATFORMS === 'all' ? (['start', 'dev'] as const) : []

let directory: string
let packed: string
let home: Home
let settings: Settings
let credentials: Credentials

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-installed-'))
  home = createHome()
  const [service] = await Promise.all([
    home.serve({
      settings: { LATCHKEY_TRUSTED_PROXIES: '127.0.0.0/8', LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' },
    }),
    packClient(directory).then((file) => {
      packed = file
      return installPacked(packed, FOLDER, directory)
    }),
  ])
  settings = { LATCHKEY_URL: service.url, LATCHKEY_API_KEY: home.adminKey() }
  await renewCredentials()
}, INSTALL_MS_MAX)

afterAll(async () => {
  await home.dispose()
  // Of all platforms that is 2 GB in very many files.
  rmSync(directory, { recursive: true, force: true })
}, INSTALL_MS_MAX)

const environment = (own: Settings) => ({ PATH: process.env.PATH ?? '', ...own })

/** The program with its first arguments, and the folder with the installed client. */
async function install(platform: Platform): Promise<{ command: readonly string[]; cwd: string }> {
  const command = await installRuntime(platform, directory)
  if (platform.frameworks === undefined) return { command, cwd: directory }
  const cwd = join(directory, platform.name.replaceAll(' ', '-'))
  mkdirSync(cwd)
  await installPacked(packed, FOLDER, cwd, platform.frameworks)
  return { command, cwd }
}

const call = (method: string, path: string, body?: object) => callApi(settings, method, path, body)
const makeKey = async () => call('POST', '/keys', { userId: (await call('GET', '/me')).userId })

/** The service writes down in its own time what it was asked itself. */
const expectUsed = (id: string) =>
  vi.waitFor(
    async () => expect(await call('GET', `/keys/${id}`)).toMatchObject({ lastUsedAt: expect.any(String) }),
    PATIENCE,
  )

/** The answers of the gateway endpoint, each asked for once. */
const gatewayAnswers = new Map<string, Promise<Answer>>()

/** For each platform: tokens live five minutes, and all platforms together take longer. */
async function renewCredentials(): Promise<void> {
  credentials = await makeCredentials(settings)
  gatewayAnswers.clear()
}

function askGateway(name: string, headers: Headers): Promise<Answer> {
  const known =
    gatewayAnswers.get(name) ?? ask(`${settings.LATCHKEY_URL}/gateway/check?permission=orders:read`, headers)
  gatewayAnswers.set(name, known)
  return known
}

/** Whether an application says of a request what the gateway endpoint says. */
async function expectAsGateway(url: string, [name, headersOf, status, code]: (typeof REQUESTS)[number]) {
  const headers = { 'x-forwarded-for': '198.51.100.1', ...headersOf(credentials) }
  const answer = await ask(url, headers)
  const gateway = await askGateway(name, headers)
  expect([gateway.status, gateway.headers['x-auth-error']]).toEqual([status, code])
  expect(answer.status).toBe(status)
  const body = JSON.parse(answer.text)
  if (status === 200) return expect(body.keyId).toBe(gateway.headers['x-auth-key-id'])
  expect(body).toMatchObject({ status, code })
  expect(answer.headers['content-type']).toMatch('application/problem+json')
  expect(challengeOf(answer)).toBe(challengeOf(gateway))
  expect(answer.text).not.toContain(credentials.good)
}

describe.each(PLATFORMS)('$name:', (platform) => {
  const { hasMemory } = platform
  let command: readonly string[]
  let cwd: string
  beforeAll(async () => {
    ;({ command, cwd } = await install(platform))
    await renewCredentials()
  }, INSTALL_MS_MAX)

  const start = (script: string, own: Settings = settings) =>
    startInstalledVerifier([...command, script], cwd, own)
  const runScript = (script: string, ...args: string[]) => {
    const [program = '', ...before] = command
    return run(program, [...before, script, ...args], { cwd, env: environment(settings) })
  }

  describe.each(JUDGES)('with a %s', (judge) => {
    let applications: Application
    /** Where each of them listens. */
    let addresses: Readonly<Record<string, string>>

    beforeAll(async () => {
      const args = [...command, 'applications.mjs', judge]
      applications = await startApplication(args, cwd, environment(settings), /^(\{.*\})$/m)
      addresses = JSON.parse(applications.said)
    })
    afterAll(() => applications.stop())

    describe.each(ADAPTERS)('%s answers as a gateway would', (adapter) => {
      test.each(REQUESTS)('%s', (...request) => expectAsGateway(`${addresses[adapter]}/orders`, request))
    })

    test.each(REQUESTS)('tRPC answers as a gateway would: %s', async (_name, headersOf, status, code) => {
      const headers = { 'x-forwarded-for': '198.51.100.1', ...headersOf(credentials) }
      const answer = await ask(`${addresses.trpc}/orders`, headers)
      expect(answer.status).toBe(status)
      const body = JSON.parse(answer.text)
      if (status === 200) expect(body.result.data.keyId).toMatch(/^key_/)
      else expect(body.error.problem).toMatchObject({ status, code })
    })
  })

  test('calls do what they say, and failures say what they are', async () => {
    const { userId } = await call('GET', '/me')
    const stranger = await startStranger({ userId }, settings.LATCHKEY_URL)
    try {
      const { stdout } = await runScript('calling.mjs', stranger.url, `http://127.0.0.1:${await freePort()}`)
      expect(stdout).not.toContain(settings.LATCHKEY_API_KEY)
      expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toEqual({
        isListed: true,
        status: 200,
        isDeleted: true,
        isAskedAgain: true,
        failures: {
          'no such key': ['ApiError', 'key_not_found'],
          'key that may not verify': ['ApiError', 'missing_permission'],
          'wrong key': ['ApiError', 'invalid_credentials'],
          nobody: ['ConnectionError', 'connection_failed'],
          silence: ['TimeoutError', 'timeout'],
          signal: ['AbortError', 'aborted'],
          redirect: ['ApiError', 'unexpected_answer'],
        },
      })
    } finally {
      await stranger.close()
    }
  })

  test('it is one package by both module systems', async () => {
    const { stdout } = await runScript('required.cjs')
    expect(JSON.parse(stdout)).toEqual({
      isOwnError: true,
      isErrorOfOther: true,
      code: 'key_not_found',
      isSameKey: true,
      listed: 1,
    })
  })

  describe('a verifier', () => {
    let verifier: InstalledVerifier
    const verify = (key: string) =>
      verifier.ask(`verify ${key}`) as Promise<{ code?: string; error?: string }>

    beforeAll(async () => {
      verifier = start('verifying.mjs')
      expect(await verifier.ask('ready')).toBe(true)
    })

    test(`accepts a key from memory: ${hasMemory}, and refuses it when DELETE was answered`, async () => {
      for (let turn = 0; turn < 20; turn++) {
        const { id, key } = await makeKey()
        expect(await verify(key)).toEqual({ code: 'VALID', isAtOnce: false })
        expect(await verify(key)).toEqual({ code: 'VALID', isAtOnce: hasMemory })
        await call('DELETE', `/keys/${id}`)
        expect(await verify(key)).toMatchObject({ code: 'INACTIVE' })
      }
    })

    test('tells the service what it judged', async () => {
      const { id, key } = await makeKey()
      const other = start('verifying.mjs')
      await other.ask('ready')
      for (let turn = 0; turn < 3; turn++) await other.ask(`verify ${key}`)
      // Nothing is left that would keep a process alive, and it ends when its input does.
      expect(await other.ask('close')).toEqual([])
      expect(await other.ask(`verify ${key}`)).toMatchObject({ error: 'verifier_closed' })
      expect(await other.end()).toBe(0)
      await expectUsed(id)
    })

    test('refuses when its service is gone, and is well again when it is back', async () => {
      const own = createHome()
      try {
        const first = await own.serve({ settings: { PORT: String(await freePort()) } })
        const { port } = new URL(first.url)
        const key = own.adminKey()
        const cut = start('verifying.mjs', { LATCHKEY_URL: first.url, LATCHKEY_API_KEY: key })
        const isState = async (state: string) => (await cut.ask('state')) === state
        const isRefused = async () => 'error' in ((await cut.ask(`verify ${key}`)) as object)
        await cut.ask('ready')
        expect(await cut.ask(`verify ${key}`)).toMatchObject({ code: 'VALID' })
        expect(await cut.ask(`verify ${key}`)).toEqual({ code: 'VALID', isAtOnce: hasMemory })
        await first.stop('SIGKILL')
        if (hasMemory) await vi.waitUntil(() => isState('cut-off'), PATIENCE)
        expect(await isRefused()).toBe(true)
        await own.serve({ settings: { PORT: port } })
        await vi.waitUntil(() => isState(hasMemory ? 'fresh' : 'catching-up'), PATIENCE)
        await cut.ask(`verify ${key}`)
        expect(await cut.ask(`verify ${key}`)).toEqual({ code: 'VALID', isAtOnce: hasMemory })
        // It was not closed, and keeps the process no longer than its input does.
        expect(await cut.end()).toBe(0)
      } finally {
        await own.dispose()
      }
    })

    test('is well again after a silence, though nothing of that time is ever answered', async () => {
      const way = await openWay(settings.LATCHKEY_URL)
      try {
        const cut = start('verifying.mjs', { ...settings, LATCHKEY_URL: way.url })
        const { key } = await makeKey()
        await cut.ask('ready')
        await cut.ask(`verify ${key}`)
        way.lose()
        if (hasMemory) await vi.waitUntil(async () => (await cut.ask('state')) === 'cut-off', PATIENCE)
        expect(await cut.ask(`verify ${key}`)).toMatchObject({ error: expect.any(String) })
        way.carry()
        await vi.waitFor(
          async () => expect(await cut.ask(`verify ${key}`)).toEqual({ code: 'VALID', isAtOnce: hasMemory }),
          PATIENCE,
        )
        expect(await cut.ask('close')).toEqual([])
        expect(await cut.end()).toBe(0)
      } finally {
        await way.close()
      }
    })

    afterAll(async () => {
      expect(await verifier.end()).toBe(0)
    })
  })
})

describe('the page about the client', () => {
  test.each(APPLICATIONS)('shows an application with %s that guards its routes', async (framework, text) => {
    const port = await freePort()
    const file = `${framework}-of-the-page.mjs`
    // It says nothing by itself, so that it is told to.
    writeFileSync(join(directory, file), `${text.replace('3000', String(port))}\nconsole.log('started')\n`)
    const args = [process.execPath, file]
    const application = await startApplication(args, directory, environment(settings), /(started)/)
    try {
      const url = `http://127.0.0.1:${port}/orders`
      await vi.waitUntil(() => ask(url, {}).catch(() => undefined), PATIENCE)
      expect(await ask(url, {})).toMatchObject({ status: 401 })
      expect(await ask(url, { 'x-api-key': credentials.deleted })).toMatchObject({ status: 401 })
      expect(await ask(url, { 'x-api-key': credentials.narrow })).toMatchObject({ status: 403 })
      const answer = await ask(url, { 'x-api-key': credentials.good })
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        200,
        { ordersOf: expect.stringMatching(/^usr_/) },
      ])
    } finally {
      await application.stop()
    }
  })

  test('shows one with Express and one with Fastify', () => {
    expect(APPLICATIONS.map(([framework]) => framework)).toEqual(['express', 'fastify'])
  })
})

describe.each(SHOPS)('the shop with %s', (framework) => {
  let shop: Application

  beforeAll(async () => {
    const file = join(directory, `shop-with-${framework}.mjs`)
    cpSync(fileOfShop(framework), file)
    const env = { ...environment(settings), PORT: '0' }
    shop = await startApplication([process.execPath, file], directory, env, /open at (http:\S+)/)
  })
  afterAll(() => shop.stop())

  /** The status, and what the body says. `from`: as the shop's proxy says it. */
  async function visit(
    key: string,
    method: string,
    path: string,
    body?: object | string,
    from = '198.51.100.1',
  ) {
    const headers = { 'x-forwarded-for': from, ...(key === '' ? {} : { 'x-api-key': key }) }
    const { status, text } = await ask(`${shop.said}${path}`, headers, method, body)
    return [status, text === '' ? undefined : JSON.parse(text)]
  }

  test('does what its customers ask for, and refuses what they may not', async () => {
    expect(await visit('', 'GET', '/prices')).toEqual([200, { tea: 4, coffee: 5 }])
    expect(await visit(credentials.deleted, 'GET', '/prices')).toMatchObject([401, { code: 'key_inactive' }])
    const [status, { key: first }] = await visit('', 'POST', '/customers', { name: 'Ada' })
    expect(status).toBe(201)
    expect(await visit(first, 'GET', '/prices')).toEqual([200, { tea: 3, coffee: 4 }])
    expect(await visit('', 'GET', '/orders')).toMatchObject([401, { code: 'missing_credentials' }])
    const order = { item: 'tea', price: 3, orderedBy: expect.stringMatching(/^key_/) }
    expect(await visit(first, 'POST', '/orders', { item: 'tea' })).toEqual([201, order])
    expect(await visit(first, 'POST', '/orders', { item: 'toString' })).toMatchObject([422, {}])
    expect(await visit(first, 'POST', '/orders', '{')).toMatchObject([400, { detail: expect.any(String) }])
    expect(await visit(first, 'GET', '/orders')).toEqual([200, [order]])

    const bad = { whitelistedIPs: ['192.0.2.300'] }
    expect(await visit(first, 'POST', '/keys', bad)).toMatchObject([
      400,
      { errors: [{ pointer: '/whitelistedIPs/0' }] },
    ])
    const till = { description: 'till', whitelistedIPs: ['192.0.2.0/24'] }
    const [, { id, key: second }] = await visit(first, 'POST', '/keys', till)
    const fromTheTill = (method: string, path: string) =>
      visit(second, method, path, method === 'POST' ? {} : undefined, '192.0.2.7')
    expect(await fromTheTill('GET', '/orders')).toEqual([200, [order]])
    expect(await fromTheTill('POST', '/orders')).toMatchObject([403, { code: 'missing_permission' }])
    expect(await fromTheTill('DELETE', `/keys/${id}`)).toMatchObject([403, { code: 'missing_permission' }])
    expect(await visit(second, 'GET', '/orders')).toMatchObject([403, { code: 'ip_not_allowed' }])
    const [, keys] = await visit(first, 'GET', '/keys')
    expect(keys).toMatchObject([{ id, description: 'till' }, { description: null }])

    const ofTheShop = await makeKey()
    expect(await visit(first, 'DELETE', `/keys/${ofTheShop.id}`)).toMatchObject([404, {}])
    expect(await visit(first, 'DELETE', '/keys/key_0')).toMatchObject([404, {}])
    expect(await visit(first, 'DELETE', `/keys/${id}`)).toEqual([204, undefined])
    expect(await fromTheTill('GET', '/orders')).toMatchObject([401, { code: 'key_inactive' }])

    expect(await shop.end()).toBe(0)
    await expectUsed(keys[1].id)
  })
})

describe.each(MODES_OF_NEXT)('next %s', (mode) => {
  let cwd: string

  beforeAll(async () => {
    // Not below the other one: Next would take that one's lock file for its own.
    cwd = mkdtempSync(join(tmpdir(), 'latchkey-next-'))
    await installPacked(packed, FOLDER_OF_NEXT, cwd, NEXT_VERSIONS)
    if (mode === 'start') await buildNext(cwd)
    await renewCredentials()
  }, INSTALL_MS_MAX)
  afterAll(() => rmSync(cwd, { recursive: true, force: true }), INSTALL_MS_MAX)

  describe.each(JUDGES)('with a %s', (judge) => {
    let application: Application
    beforeAll(async () => {
      application = await startNext(mode, judge, cwd, settings)
    })
    afterAll(() => application.stop())

    describe.each(['/orders', '/edge/orders'])('%s answers as a gateway would', (path) => {
      test.each(REQUESTS)('%s', (...request) => expectAsGateway(`${application.said}${path}`, request))
    })
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

  test('an application in TypeScript compiles, by both module systems, and so does what pages show', async () => {
    writeDocumented(directory)
    await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
      cwd: directory,
    })
  })

  test('publint finds nothing', async () => {
    const publint = join('node_modules', 'publint/src/cli.js')
    const args = [publint, '--strict', 'node_modules/@latchkey/client', '--pack', 'false']
    await run(process.execPath, args, { cwd: directory })
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
