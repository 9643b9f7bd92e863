import {
  type Cluster,
  connectTo,
  createDatabase,
  type Onlooker,
} from '../../packages/server/test/postgres-cluster.ts'
import { type Answer, type Call, call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'

/** What all servers of a deployment share beside the database. */
const SERVER_SECRET = 'the secret that all servers of this fleet were given'

/** Longer than anything waits for by itself; a request that takes longer counts as not answered. */
const ANSWER_MS_MAX = 30_000

type Settings = Readonly<Record<string, string>>

export type FleetServer = {
  readonly name: string
  readonly url: string
  readonly home: Home
  readonly pid: number
  readonly stderr: () => string
  /** Stops it in the middle of whatever it does, and lets it go on. */
  freeze(): void
  thaw(): void
  stop(signal?: NodeJS.Signals): Promise<void>
}

type Caller = (server: FleetServer, request: Omit<Call, 'key'> & { readonly key?: string }) => Promise<Answer>

export type Fleet = {
  readonly databaseUrl: string
  /** The server secret that they share. */
  readonly secret: string
  /** To the same database, past every proxy. */
  readonly database: Pick<Onlooker, 'query'>
  readonly servers: readonly FleetServer[]
  /** Of the operator's owner. */
  readonly key: string
  readonly userId: string
  readonly companyId: string
  /** As the operator, unless the request names another key. Throws when there is no answer. */
  readonly call: Caller
  /** Starts one more. */
  add(settings?: Settings): Promise<FleetServer>
  /** Runs a command beside the servers, to its end. */
  readonly run: Home['run']
  /** Process ids of the database's own processes that serve connections of this purpose. */
  backends(purpose: string): Promise<number[]>
  dispose(): Promise<void>
}

/** Servers, real processes each, on one new database. `settingsOf` may give one of them another way to it. */
export async function createFleet(
  cluster: Pick<Cluster, 'url'>,
  count: number,
  settingsOf: (index: number, databaseUrl: string) => Settings | Promise<Settings> = () => ({}),
): Promise<Fleet> {
  const { url: databaseUrl, drop } = await createDatabase(cluster.url)
  const shared = { DATABASE_URL: databaseUrl, LATCHKEY_SECRET: SERVER_SECRET, LATCHKEY_LOG_LEVEL: 'error' }
  const servers: FleetServer[] = []
  let started = 0

  async function add(settings: Settings = {}): Promise<FleetServer> {
    started += 1
    const server = await startServer(`server ${started}`, { ...shared, ...settings })
    servers.push(server)
    return server
  }

  let onlooker: Promise<Onlooker> | undefined
  const query: Onlooker['query'] = async (text, values) => {
    onlooker ??= connectTo(databaseUrl)
    const asked = onlooker
    return (await asked).query(text, values).catch(async () => {
      // It broke with the database, or the question is wrong and fails again.
      if (onlooker === asked) onlooker = connectTo(databaseUrl)
      return (await onlooker!).query(text, values)
    })
  }
  const first = await add(await settingsOf(0, databaseUrl))
  // In order, so that a fault can be given to one of them by its place.
  for (let index = 1; index < count; index++) await add(await settingsOf(index, databaseUrl))
  const key = first.home.adminKey()
  const me = await call(first.url, { path: '/me', key })

  return {
    databaseUrl,
    secret: SERVER_SECRET,
    database: { query },
    servers,
    key,
    userId: String(me.body.userId),
    companyId: String(me.body.companyId),
    call: (server, request) =>
      call(server.url, { key, signal: AbortSignal.timeout(ANSWER_MS_MAX), ...request }),
    add,
    run: (args, settings = {}) => first.home.run(args, { ...shared, ...settings }),
    async backends(purpose) {
      const rows = await query(
        'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
        [`latchkey ${purpose}`],
      )
      return rows.map(({ pid }) => Number(pid))
    },
    async dispose() {
      await Promise.all(servers.map(({ home }) => home.dispose()))
      await (await onlooker)?.end().catch(() => {})
      await drop().catch(() => {})
    },
  }
}

/** With a data directory of its own, for the admin key that the first one makes. */
async function startServer(name: string, settings: Settings): Promise<FleetServer> {
  const home = createHome()
  try {
    const { child, url, stderr, stop } = await home.serve({ settings })
    return {
      name,
      url,
      home,
      pid: child.pid ?? 0,
      stderr,
      freeze: () => void child.kill('SIGSTOP'),
      thaw: () => void child.kill('SIGCONT'),
      stop: async (signal) => void (await stop(signal)),
    }
  } catch (error) {
    await home.dispose()
    throw error
  }
}
