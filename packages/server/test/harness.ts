import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type InjectOptions, inject as request } from 'light-my-request'
import { afterAll, beforeAll, inject } from 'vitest'
import { type App, createApp } from '../src/app.ts'
import { type Bootstrapped, bootstrap } from '../src/bootstrap.ts'
import { readConfig } from '../src/config.ts'
import { storeFileOf } from '../src/open-store.ts'
import { createServices, type Overrides, type Services } from '../src/services.ts'
import { memoryDisk } from './memory-disk.ts'
import { createDatabase, readTables, tamperWithDatabase } from './postgres-cluster.ts'

/** A whole service on a real store of its own: a SQLite file, or a database on a real PostgreSQL server. */
export type TestService = {
  readonly app: App
  readonly services: Services
  readonly admin: Bootstrapped
  readonly adminKey: string
  readonly dataDir: string
  /** Of its PostgreSQL database; undefined: the store is a SQLite file. */
  readonly databaseUrl: string | undefined
  /** Everything stored so far, as the store keeps it. */
  stored(): Promise<Buffer>
  /** Changes stored rows behind the service's back, as someone with access to the database could. Answers how many. */
  tamper(sql: string, ...parameters: (string | number)[]): Promise<number>
  /** Everything logged so far, one JSON line each. */
  readonly logged: string[]
  /** One request through the real app. The credential is the admin key unless `key` says otherwise. */
  call(request: TestRequest): Promise<TestAnswer>
  /** A second server on the same store, with the same settings. */
  join(): Promise<JoinedServer>
  dispose(): Promise<void>
}

export type JoinedServer = Pick<TestService, 'app' | 'services' | 'call' | 'dispose'>

export type TestRequest = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PUT'
  readonly path: string
  /** null: no credential. */
  readonly key?: string | null
  readonly body?: unknown
  /** Sent as it is, declared as JSON unless `headers` say otherwise. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly from?: string
}

/** Whatever JSON came: a test reads what it expects, and fails if it is not there. */
export type Parsed = ReturnType<typeof JSON.parse>

export type TestAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly text: string
  readonly body: Parsed
}

/** A hash in earnest takes as long as a hundred requests; the tests that are about it say so. */
const CHEAP_HASHES = { memoryKiB: 8, passes: 1, parallelism: 1 }

export async function startTestServer(
  environment: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
): Promise<TestService> {
  const dataDir = mkdtempSync(join(memoryDisk(), 'latchkey-test-'))
  const databaseServer = inject('databaseServer')
  const database =
    databaseServer === undefined
      ? undefined
      : await createDatabase(databaseServer, inject('databaseTemplate'))
  const { config, secretSource } = readConfig({
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_SECRET: randomBytes(32).toString('hex'),
    LATCHKEY_LOG_LEVEL: 'info',
    ...(database === undefined ? {} : { DATABASE_URL: database.url }),
    ...environment,
  })
  const logged: string[] = []
  const open = () =>
    createServices(config, secretSource, {
      logSink: (line) => logged.push(line),
      passwordCost: CHEAP_HASHES,
      ...overrides,
    })
  const services = await open()
  const admin = (await bootstrap(services, async () => {}))!
  const app = await serve(services)
  const adminKey = admin.secret.reveal()
  return {
    app,
    services,
    join: async () => joined(await open(), adminKey),
    admin,
    adminKey,
    dataDir,
    databaseUrl: database?.url,
    logged,
    call: (request) => call(app, adminKey, request),
    tamper: (sql, ...parameters) =>
      database === undefined
        ? tamperWithFile(storeFileOf(dataDir), sql, parameters)
        : tamperWithDatabase(database.url, sql, parameters),
    stored: () => (database === undefined ? readFiles(dataDir) : readTables(database.url)),
    async dispose() {
      await app.close()
      await services.dispose()
      await database?.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A service for all tests of a file, or of a `describe`: started before their first, gone after their last. */
export function useTestServer(
  environment: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
): TestService {
  let started: TestService | undefined
  beforeAll(async () => {
    started = await startTestServer(environment, overrides)
  })
  afterAll(() => started?.dispose())
  // Its parts are asked for when a test runs.
  return new Proxy({} as TestService, {
    get(_, name) {
      if (started === undefined) throw new Error('The test server is there in hooks and tests only.')
      return Reflect.get(started, name)
    },
  })
}

/**
 * One request as it is, without a connection. A body that is given as a text is there with its headers, as if they came
 * in one packet.
 */
export function ask({ dispatch }: App, options: InjectOptions) {
  if (typeof options.payload !== 'string') return request(dispatch, options)
  return request((raw, response) => {
    raw.read(0)
    setImmediate(() => dispatch(raw, response))
  }, options)
}

async function serve(services: Services): Promise<App> {
  const app = createApp(services)
  await services.revocations.start({ isAlone: true })
  return app
}

async function joined(services: Services, adminKey: string): Promise<JoinedServer> {
  const app = await serve(services)
  return {
    app,
    services,
    call: (request) => call(app, adminKey, request),
    async dispose() {
      await app.close()
      await services.dispose()
    },
  }
}

async function call(app: App, adminKey: string, request: TestRequest): Promise<TestAnswer> {
  const { method = 'GET', path, key = adminKey, body, text, headers, from = '127.0.0.1' } = request
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
  const answer = await ask(app, {
    method,
    url: path,
    remoteAddress: from,
    headers: {
      ...(key === null ? {} : { 'x-api-key': key }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  })
  const isJson = String(answer.headers['content-type'] ?? '').includes('json')
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    body: isJson && answer.body !== '' ? JSON.parse(answer.body) : undefined,
  }
}

async function tamperWithFile(file: string, sql: string, parameters: (string | number)[]): Promise<number> {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA foreign_keys = OFF')
    return Number(database.prepare(sql).run(...parameters).changes)
  } finally {
    database.close()
  }
}

async function readFiles(directory: string): Promise<Buffer> {
  return Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))))
}

/** A company with a user of each role, and a key of each user. */
export type TestCompany = {
  readonly id: string
  readonly users: Record<
    'owner' | 'admin' | 'developer' | 'viewer',
    { readonly id: string; readonly key: string; readonly keyId: string }
  >
}

let companies = 0

export async function createTestCompany(service: TestService): Promise<TestCompany> {
  companies += 1
  const company = await expectCreated(service, { path: '/companies', body: { name: `Company ${companies}` } })
  const headers = { 'x-company-id': company.id }
  const users: Partial<TestCompany['users']> = {}
  for (const role of ['owner', 'admin', 'developer', 'viewer'] as const) {
    const user = await expectCreated(service, { path: '/users', body: { name: role, role }, headers })
    const key = await expectCreated(service, { path: '/keys', body: { userId: user.id }, headers })
    users[role] = { id: user.id, key: key.key, keyId: key.id }
  }
  return { id: company.id, users: users as TestCompany['users'] }
}

/** Creates something and answers its body; throws with the whole answer when that fails. */
export async function expectCreated(
  service: Pick<TestService, 'call'>,
  request: Omit<TestRequest, 'method'>,
): Promise<Parsed> {
  const answer = await service.call({ method: 'POST', ...request })
  if (answer.status !== 201)
    throw new Error(`expected 201 from ${request.path}: ${answer.status} ${answer.text}`)
  return answer.body
}
