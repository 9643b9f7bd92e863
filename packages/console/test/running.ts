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

export async function startLatchkey(): Promise<RunningConsole> {
  if (!isConsoleBuilt()) throw new Error('the console is not built: npm run build:console')
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-console-'))
  const { config, secretSource } = readConfig({
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_SECRET: randomBytes(32).toString('hex'),
    LATCHKEY_LOG_LEVEL: 'silent',
    PORT: '0',
  })
  const services = await createServices(config, secretSource)
  const admin = (await bootstrap(services, async () => {}))!
  const server = await startServer(services, { isAlone: true })
  const adminKey = admin.secret.reveal()
  return {
    url: server.url,
    adminKey,
    ownerId: admin.userId,
    newLink: async () => (await makeConsoleLinkOnHost(services))?.token,
    async call(method, path, body, headers) {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: {
          'x-api-key': adminKey,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    },
    async stop() {
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
