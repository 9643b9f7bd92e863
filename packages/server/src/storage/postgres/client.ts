import pg from 'pg'
import { SessionMovedError, UnreplicatedError } from './errors.ts'
import { MARK_CLUSTER } from './head.ts'
import { assertSessions } from './pooling.ts'
import { backendOf, type ConnectionUse, type PostgresReach, plainConfig } from './reach.ts'
import { hostText, type PostgresHost, type PostgresServer } from './url.ts'

/** A row that another transaction holds is waited for as long as the embedded store waits for its lock. */
const LOCK_MS_MAX = 5_000

type Connected = ((error: Error) => void) | ((error: null, client: pg.Client) => void)

type Greeting = { readonly pid: number; readonly isStandby: boolean }

/** The database that answered is a standby. */
export class StandbyError extends Error {}

/**
 * A connection of ours: to a primary, in a session of its own, whose parameters are said as a statement, since a
 * pooler lets few of them through when a connection begins. The cluster it leads to is noted in it.
 */
export class PostgresClient extends pg.Client {
  readonly #reach: PostgresReach
  readonly #use: ConnectionUse
  readonly #host: PostgresHost
  readonly #refused: () => Error | undefined = () => undefined
  #pid = 0
  #isLost = false
  #isUnreplicated = false

  constructor(reach: PostgresReach, use: ConnectionUse) {
    const host = reach.host()
    super(plainConfig(reach.server, host, use))
    this.#reach = reach
    this.#use = use
    this.#host = host
    // Every failure reaches whoever waits for a statement; others may listen as well.
    this.on('error', () => {
      this.#isLost = true
    })
    // Said in the language of the server; the name of what says it is the same in all.
    this.on('notice', ({ routine }) => {
      this.#isUnreplicated ||= routine === 'SyncRepWaitForLSN'
    })
    if (reach.server.isBindingRequired) this.#refused = requireBinding(this.connection)
  }

  /** It broke, as far as is known: nothing is sent on it any more. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** Throws UnreplicatedError when something was stored here that a standby was not waited for. */
  assertReplicated(): void {
    if (this.#isUnreplicated) throw new UnreplicatedError()
  }

  /** Throws SessionMovedError unless the database's process that answered is the one this session began in. */
  assertOwn(pid: number): void {
    if (pid === this.#pid) return
    // A pooler shares them, whatever was seen when this session began.
    this.#reach.pooled.doubt()
    throw new SessionMovedError()
  }

  override connect(): Promise<pg.Client>
  override connect(callback: Connected): void
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    const begun = this.#begin()
    if (callback === undefined) return begun
    const tell = callback as (error: Error | null, client?: pg.Client) => void
    begun.then((client) => tell(null, client), tell)
    return undefined
  }

  async #begin(): Promise<pg.Client> {
    try {
      await super.connect()
      const { pid, isStandby } = await this.#greet()
      if (isStandby) throw new StandbyError(`${hostText(this.#host)} is a standby`)
      this.#pid = pid
      return this
    } catch (error) {
      this.connection.stream.destroy()
      this.#reach.avoid(this.#host)
      throw this.#refused() ?? error
    }
  }

  async #greet(): Promise<Greeting> {
    const announced = backendOf(this) ?? 0
    const first = await this.#ask(`CASE pg_backend_pid() WHEN ${announced}`)
    if (first.pid === announced) return first
    const { pooled } = this.#reach
    if (!pooled.isPlausible(first.pid)) await this.#assertSessions()
    // Whoever had the session before may have left something in it.
    await this.query('DISCARD ALL')
    const greeting = await this.#ask('CASE true WHEN true')
    pooled.begin(greeting.pid)
    this.once('end', () => pooled.end(greeting.pid))
    return greeting
  }

  /** `when` has the parameters set in the process that was meant only, and not in one that others share. */
  async #ask(when: string): Promise<Greeting> {
    const { server } = this.#reach
    const question = { text: greetingText(server, this.#use, when), query_timeout: server.connectMsMax }
    const { rows } = await this.query<Greeting>(question)
    return rows[0]!
  }

  async #assertSessions(): Promise<void> {
    const other = new pg.Client(plainConfig(this.#reach.server, this.#host, this.#use))
    other.on('error', () => {})
    try {
      await other.connect()
      await assertSessions(this, other, this.#reach.server.connectMsMax)
      this.#reach.pooled.confirm()
    } finally {
      await other.end().catch(() => {})
    }
  }
}

/** Connects, trying each host once. Throws what the last of them answered. */
export async function connectClient(reach: PostgresReach, use: ConnectionUse): Promise<PostgresClient> {
  for (let left = reach.server.hosts.length; ; left -= 1) {
    const client = new PostgresClient(reach, use)
    try {
      await client.connect()
      return client
    } catch (error) {
      if (left <= 1) throw error
    }
  }
}

function greetingText(
  { settings, applicationName }: PostgresServer,
  { name, statementMsMax }: ConnectionUse,
  when: string,
): string {
  const session = new Map([
    ...settings,
    ['application_name', `${applicationName} ${name}`],
    ['synchronous_commit', 'on'],
    ['timezone', 'UTC'],
    ['statement_timeout', String(statementMsMax)],
    ['lock_timeout', String(Math.min(LOCK_MS_MAX, statementMsMax))],
  ])
  const said = [...session].map(
    ([setting, value]) => `set_config(${pg.escapeLiteral(setting)}, ${pg.escapeLiteral(value)}, false)`,
  )
  const done = [...said, MARK_CLUSTER].map((call) => `${when} THEN ${call} END`)
  return `SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS "isStandby", ${done.join(', ')}
    FROM pg_control_system()`
}

/**
 * What libpq calls channel_binding=require: whoever answers has proved that it knows the password, and the proof
 * holds for its own certificate only. Nothing else is answered, the password least of all. Answers why a connection
 * was given up.
 */
function requireBinding(connection: pg.Connection): () => Error | undefined {
  let isProved = false
  let refused: Error | undefined
  const refuse = () => {
    refused = new Error('channel_binding=require, and the server does not offer SCRAM-SHA-256-PLUS')
    connection.stream.destroy(refused)
  }
  connection.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    if (!mechanisms.includes('SCRAM-SHA-256-PLUS')) refuse()
  })
  connection.on('authenticationSASLFinal', () => {
    isProved = true
  })
  connection.on('authenticationOk', () => {
    if (!isProved) refuse()
  })
  for (const other of ['authenticationCleartextPassword', 'authenticationMD5Password']) {
    connection.on(other, refuse)
  }
  return () => refused
}
