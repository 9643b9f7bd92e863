import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../../packages/server/test/postgres-cluster.ts'
import { type Answer, type Call, call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { createRecorder } from './revocations.ts'
import { inRounds, issueEverywhere, keepBusy, revokeEach, SOME, until } from './rounds.ts'
import { workersOf } from './workers-of.ts'

const CONNECTIONS = 8
/** One that does not answer by then belongs to the process that is frozen. */
const HEALTH_MS_MAX = 1_000
const ANSWER_MS_MAX = 6_000
/** Later it is asked for its figures, and the parent waits. */
const ASKED_MS = 500
const TEST_MS_MAX = 60_000 + SOME * 400

/** A client with one connection, which stays with the process that took it. */
type Connection = { readonly name: string; readonly agent: Agent }

let database: Awaited<ReturnType<typeof createDatabase>>
let home: Home
let connections: Connection[]

beforeEach(async () => {
  home = createHome()
  database = await createDatabase(inject('databaseServer')!)
  connections = Array.from({ length: CONNECTIONS }, (_, index) => ({
    name: `connection ${index}`,
    agent: new Agent({ keepAlive: true, maxSockets: 1 }),
  }))
})
afterEach(async () => {
  for (const { agent } of connections) agent.destroy()
  await home.dispose()
  await database.drop()
})

type Running = Awaited<ReturnType<Home['serve']>>

function isAlive(pid: number): boolean {
  try {
    // Its state is the first word after its name: Z has ended, and nobody has asked about it yet.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** One request over one connection. */
async function ask(
  url: string,
  { agent }: Connection,
  { method, path, key, body, signal }: Call,
): Promise<Answer> {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const asked = request(`${url}${path}`, {
    agent,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { 'X-API-KEY': key, ...json },
    ...(signal === undefined ? {} : { signal }),
  })
  return new Promise((resolve, reject) => {
    asked.on('error', reject)
    asked.on('response', async (response) => {
      const answer = await text(response).catch(() => '')
      const headers = new Headers()
      resolve({ status: response.statusCode ?? 0, headers, body: answer === '' ? {} : JSON.parse(answer) })
    })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function start(settings: Readonly<Record<string, string>>) {
  const running = await home.serve({
    settings: { LATCHKEY_WORKERS: '2', LATCHKEY_LOG_LEVEL: 'error', ...settings },
  })
  const key = home.adminKey()
  const me = await call(running.url, { path: '/me', key })
  const asked = {
    call: (connection: Connection, one: Omit<Call, 'key'>) => ask(running.url, connection, { key, ...one }),
    userId: String(me.body.userId),
    companyId: String(me.body.companyId),
  }
  return { running, key, recorder: createRecorder(asked) }
}

/** From whichever process the connection leads to. */
async function metricsOf(url: string, { agent }: Connection): Promise<IncomingMessage> {
  const asked = request(`${url}/metrics`, { agent }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return response
}

/** As the metrics have it. */
async function countedVerifications(url: string, connection: Connection): Promise<number> {
  const series = /^latchkey_request_duration_seconds_count\{operation="verifyApiKey",status="200"\} (\d+)$/m
  return Number(series.exec(await text(await metricsOf(url, connection)))?.[1])
}

/** The connections that another process has than this one: found by freezing it. */
async function connectionsBeside(running: Running, pid: number): Promise<Connection[]> {
  process.kill(pid, 'SIGSTOP')
  const answered = await Promise.all(
    connections.map((connection) => {
      const signal = AbortSignal.timeout(HEALTH_MS_MAX)
      return ask(running.url, connection, { path: '/healthz', key: 'none', signal }).then(
        () => [connection],
        () => [],
      )
    }),
  )
  process.kill(pid, 'SIGCONT')
  return answered.flat()
}

/** How many of the connections each process has. */
async function countConnections(running: Running): Promise<number[]> {
  const counts: number[] = []
  for (const pid of workersOf(running))
    counts.push(CONNECTIONS - (await connectionsBeside(running, pid)).length)
  return counts
}

const stores: [string, () => Readonly<Record<string, string>>][] = [
  ['on one file', () => ({})],
  [
    'on PostgreSQL',
    () => ({ DATABASE_URL: database.url, LATCHKEY_SECRET: 'the same secret for all processes' }),
  ],
]

describe.skipIf(process.platform !== 'linux').each(stores)(
  'two processes of one service, %s,',
  (_name, settings) => {
    it('both refuse a key from the moment its deletion is answered', { timeout: TEST_MS_MAX }, async () => {
      const { running, recorder } = await start(settings())
      const [control] = await issueEverywhere({ servers: connections }, recorder, 1)
      await inRounds({ revocations: SOME }, async (count) => {
        const keys = await issueEverywhere({ servers: connections }, recorder, count)
        const busy = connections.map((one) => keepBusy(() => recorder.verify(one, control!)))
        await revokeEach(recorder, { keys, deleters: connections, verifiers: connections, clients: 1 })
        for (const one of busy) await one.stop()
      })
      expect(recorder.findViolations()).toEqual([])
      expect(Object.keys(recorder.countVerdicts())).toEqual(['INACTIVE'])
      // Both were asked: this is about two, not about one twice.
      for (const count of await countConnections(running)) expect(count).toBeGreaterThan(0)
    })

    it('count together, whichever is asked', async () => {
      const { running, key, recorder } = await start(settings())
      const [issued] = await issueEverywhere({ servers: connections }, recorder, 1)
      for (const count of await countConnections(running)) expect(count).toBeGreaterThan(0)
      const counted = (one: Connection) => countedVerifications(running.url, one)
      const before = await counted(connections[0]!)
      for (const connection of connections)
        await ask(running.url, connection, { path: '/verify', key, body: { key: issued!.secret } })
      for (const connection of connections)
        expect(await counted(connection)).toBe(before + connections.length)

      // Without one of them the sum would be wrong: it is refused, by the process that can still answer.
      const [frozen = 0] = workersOf(running)
      process.kill(frozen, 'SIGSTOP')
      const { statusCode } = await Promise.any(connections.map((one) => metricsOf(running.url, one)))
      process.kill(frozen, 'SIGCONT')
      expect(statusCode).toBe(503)
    })

    it('still count what one had counted that was killed', async () => {
      const { running, key } = await start(settings())
      for (const connection of connections) await ask(running.url, connection, { path: '/me', key })
      for (const count of await countConnections(running)) expect(count).toBeGreaterThan(0)
      const counted = async () => {
        // A connection that was on its way to the dead one is answered by nobody.
        const answer = await fetch(`${running.url}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
        const series = /^latchkey_verdicts_total\{code="VALID"\} (\d+)$/m
        return Number(series.exec(await answer.text())?.[1])
      }
      const before = await counted()
      expect(before).toBeGreaterThanOrEqual(connections.length)
      const [killed = 0] = workersOf(running)
      process.kill(killed, 'SIGKILL')
      await running.printed(/another takes its place/)
      await until(before, () => counted().catch(() => -1))
      await until(2, async () => workersOf(running).length)
      await until(before, () => counted().catch(() => -1))
    })

    it('tell their figures without one that is killed while it is asked', async () => {
      const { running } = await start(settings())
      for (const count of await countConnections(running)) expect(count).toBeGreaterThan(0)
      const [killed = 0] = workersOf(running)
      process.kill(killed, 'SIGSTOP')
      const scraped = Promise.any(connections.map((one) => metricsOf(running.url, one)))
      await sleep(ASKED_MS)
      process.kill(killed, 'SIGKILL')
      expect((await scraped).statusCode).toBe(200)
    })

    it('go on when one is asked for its figures that was killed just then', async () => {
      const { running } = await start(settings())
      for (const count of await countConnections(running)) expect(count).toBeGreaterThan(0)
      const [killed = 0] = workersOf(running)
      const [connection] = await connectionsBeside(running, killed)
      // The parent hears of the question before it can hear of the end.
      process.kill(running.child.pid!, 'SIGSTOP')
      const scraped = metricsOf(running.url, connection!)
      await sleep(ASKED_MS)
      process.kill(killed, 'SIGKILL')
      // It takes a moment until all of its threads have let go of what it had open.
      await sleep(ASKED_MS)
      process.kill(running.child.pid!, 'SIGCONT')
      expect((await scraped).statusCode).toBe(200)
      await running.printed(/another takes its place/)
    })

    it('end when the process that watches over them was killed', async () => {
      const { running } = await start(settings())
      const orphans = workersOf(running)
      expect(orphans).toHaveLength(2)
      await running.stop('SIGKILL')
      for (const pid of orphans) await until(false, async () => isAlive(pid))
      // The port is free again, and nobody answers for a service that is gone.
      await expect(call(running.url, { path: '/healthz', key: 'none' })).rejects.toThrow()
    })

    it('do not end well when one of them is killed while they stop', async () => {
      const { running } = await start({ ...settings(), LATCHKEY_DRAIN_SECONDS: '2' })
      const [killed = 0] = workersOf(running)
      const ending = running.stop('SIGTERM')
      await until(503, async () => (await fetch(`${running.url}/readyz`)).status)
      process.kill(killed, 'SIGKILL')
      const { exitCode, stdout, stderr } = await ending
      expect({ exitCode, isSaidStored: stdout.includes('Everything acknowledged') }).toEqual({
        exitCode: 1,
        isSaidStored: false,
      })
      expect(stderr).toContain('1 of the processes ended before they had stored what they held in memory')
    })

    it('are ended when one of them stands still while they stop, and it is said', async () => {
      const { running } = await start(settings())
      const [frozen = 0] = workersOf(running)
      process.kill(frozen, 'SIGSTOP')
      const { exitCode, stdout, stderr } = await running.stop('SIGTERM')
      expect({ exitCode, isSaidStored: stdout.includes('Everything acknowledged') }).toEqual({
        exitCode: 1,
        isSaidStored: false,
      })
      expect(stderr).toContain(`the process ${frozen} does not end, and is ended`)
      expect(stderr).toContain('1 of the processes ended before they had stored what they held in memory')
      expect(isAlive(frozen)).toBe(false)
    })

    it('are two again after one was killed, and end together', async () => {
      const { running, key, recorder } = await start(settings())
      const [issued] = await issueEverywhere({ servers: connections }, recorder, 1)
      const before = workersOf(running)
      expect(before).toHaveLength(2)
      const [killed = 0] = before
      process.kill(killed, 'SIGKILL')
      await running.printed(/"event":"process_ended","pid":\d+,"how":"SIGKILL".*another takes its place/)
      const verify = async () =>
        (await call(running.url, { path: '/verify', key, body: { key: issued!.secret } })).body.code
      // The other goes on meanwhile. A connection that the dead one had is gone with it.
      await until('VALID', () => verify().catch(() => 'no answer'))
      await until(2, async () => workersOf(running).length)
      expect(workersOf(running)).not.toContain(killed)
      const { status } = await call(running.url, { method: 'DELETE', path: `/keys/${issued!.id}`, key })
      expect([status, await verify(), await verify()]).toEqual([204, 'INACTIVE', 'INACTIVE'])

      const last = workersOf(running)
      const { exitCode, stdout } = await running.stop('SIGTERM')
      expect({ exitCode, end: stdout.split('\n').at(-2) }).toEqual({
        exitCode: 0,
        end: 'Stopped. Everything acknowledged is stored.',
      })
      expect(last.filter(isAlive)).toEqual([])
      expect((await home.run(['audit', 'verify'], settings())).stdout).toMatch(/every chain holds\.\n$/)
    })
  },
)
