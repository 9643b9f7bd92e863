import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bootstrap,
  createServices,
  isConsoleBuilt,
  makeConsoleLinkOnHost,
  readConfig,
  startServer,
} from '@latchkey/server'

/** The real service on a store of its own, and what a test needs to talk to it past the browser. */
export type RunningConsole = {
  readonly url: string
  readonly adminKey: string
  readonly ownerId: string
  newLink(): Promise<string | undefined>
  /** Puts the clock of the service so far behind that of the browser; 0: the same again. */
  setBack(byMs: number): void
  /** Ends the service; `start` begins it again on the same store and port. */
  stopService(): Promise<void>
  startService(): Promise<void>
  /** One call of the API with the admin key; answers the body. Throws when it is refused. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<ReturnType<typeof JSON.parse>>
  stop(): Promise<void>
}

export const CHROMIUM = '/usr/bin/chromium'

/** Where Chromium is not installed the tests are left out, but not in CI. */
export const isBrowserThere = existsSync(CHROMIUM) || process.env.CI_REQUIRE_GATEWAYS === '1'

/** Guessing is slow in earnest; here nobody guesses. */
const CHEAP = { memoryKiB: 8, passes: 1, parallelism: 1 }

export async function startLatchkey(): Promise<RunningConsole> {
  if (!isConsoleBuilt()) throw new Error('the console is not built: npm run build:console')
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-console-'))
  const secret = randomBytes(32).toString('hex')
  let behindMs = 0
  const open = (port: string) => {
    const { config, secretSource } = readConfig({
      LATCHKEY_DATA_DIR: dataDir,
      LATCHKEY_SECRET: secret,
      LATCHKEY_LOG_LEVEL: 'silent',
      PORT: port,
    })
    const clock = { nowMs: () => Date.now() - behindMs }
    return createServices(config, secretSource, { clock, passwordCost: CHEAP })
  }
  let services = await open('0')
  const admin = (await bootstrap(services, async () => {}))!
  let server = await startServer(services, { isAlone: true })
  const { url } = server
  const adminKey = admin.secret.reveal()
  return {
    url,
    adminKey,
    ownerId: admin.userId,
    newLink: async () => (await makeConsoleLinkOnHost(services))?.token,
    setBack(byMs) {
      behindMs = byMs
    },
    stopService: () => server.stop(),
    async startService() {
      services = await open(new URL(url).port)
      server = await startServer(services, { isAlone: true })
    },
    call: (method, path, body, headers) => callWith(adminKey, method, `${url}${path}`, body, headers),
    async stop() {
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function callWith(
  key: string,
  method: string,
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<ReturnType<typeof JSON.parse>> {
  const response = await fetch(url, {
    method,
    headers: {
      'x-api-key': key,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
