import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ChangesRequest, ChangesResult, KeyRecordResult, UsageReport } from '../src/index.ts'

type Record = NonNullable<KeyRecordResult['record']>
type Answer = { readonly status: number; readonly body: unknown; readonly type?: string }
type Asked = { readonly path: string; readonly body: unknown; readonly headers: IncomingHttpHeaders }

type Change = ChangesResult['changes'][number]

type Model = {
  readonly records: Map<string, Partial<Record>>
  readonly asked: Asked[]
  readonly reports: UsageReport[]
  /** Answers in place of it, by path. */
  readonly instead: Map<string, Answer>
  /** Keys that are judged by the service only. */
  readonly askServer: Set<string>
  leaseMs: number
  nowMs: () => number
}

/** A remote service whose keys are what the test says: what a verifier asks of the real one. */
export type ModelServer = Model & {
  readonly url: string
  /** Has verifiers forget. Resolves when the next question says that they have. */
  change(scope: Change): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
  /** Connections that are open, of those that questions for changes came on. */
  followers(): number
}

export async function startModelServer(): Promise<ModelServer> {
  const log = createLog()
  const model: Model = {
    records: new Map(),
    asked: [],
    reports: [],
    instead: new Map(),
    askServer: new Set(),
    leaseMs: 2_000,
    nowMs: () => Date.now(),
  }
  let server: Server | undefined
  let port = 0
  const followers = new Set<Socket>()

  function watch(socket: Socket): void {
    if (followers.has(socket)) return
    followers.add(socket)
    socket.once('close', () => followers.delete(socket))
  }

  async function start(): Promise<void> {
    server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const path = request.url ?? ''
      const body = JSON.parse(text)
      if (path === '/changes') watch(request.socket)
      model.asked.push({ path, body, headers: request.headers })
      const answer = model.instead.get(path) ?? { status: 200, body: await answerTo(model, log, path, body) }
      response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }

  await start()
  return Object.assign(model, {
    url: `http://127.0.0.1:${port}`,
    change: log.add,
    start,
    followers: () => followers.size,
    async stop() {
      server?.closeAllConnections()
      server?.close()
    },
  })
}

type Log = ReturnType<typeof createLog>

/** What has changed, and whether the verifier has said that it knows. */
function createLog() {
  let revision = 1
  const rows: { revision: number; scope: Change }[] = []
  const waiting = new Set<() => void>()
  const unheard = new Set<(after: number) => void>()
  return {
    get revision() {
      return revision
    },
    add(scope: Change): Promise<void> {
      revision += 1
      rows.push({ revision, scope })
      const due = revision
      for (const wake of waiting) wake()
      return new Promise((resolve) => {
        const hear = (after: number) => {
          if (after >= due && unheard.delete(hear)) resolve()
        }
        unheard.add(hear)
      })
    },
    hear(after: number | null): void {
      for (const hear of unheard) hear(after ?? -1)
    },
    after: (after: number | null) =>
      rows.filter((row) => after !== null && row.revision > after).map(({ scope }) => scope),
    /** Until something is added. */
    async wait(msMax: number): Promise<void> {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, msMax)
        waiting.add(wake)
      })
    },
  }
}

async function answerTo(model: Model, log: Log, path: string, body: unknown): Promise<unknown> {
  const { key } = body as { key: string }
  const of = () => ({ epoch: 'e1', now: new Date(model.nowMs()).toISOString(), server: 's1' })
  if (path === '/verify/record') {
    const askServer = model.askServer.has(key)
    const found = askServer ? undefined : model.records.get(key)
    const record = found === undefined ? null : { ...aRecord(key), ...found }
    return { record, askServer, revision: log.revision, ...of() }
  }
  if (path === '/verify') return { valid: true, code: 'VALID', keyId: 'asked' }
  if (path === '/changes') return { ...(await follow(model, log, body as ChangesRequest)), ...of() }
  model.reports.push(body as UsageReport)
  return { accepted: 1, ignored: 0 }
}

async function follow({ leaseMs }: Model, log: Log, { after, hold, nonce }: ChangesRequest): Promise<object> {
  const startedMs = performance.now()
  log.hear(after)
  if (after !== null && after >= log.revision && hold > 0) await log.wait(hold)
  const heldMs = performance.now() - startedMs
  const told = { after, through: log.revision, changes: log.after(after), reset: after === null }
  return { ...told, heldMs, provenMsAgo: 0, leaseMs, nonce }
}

const aRecord = (key: string): Record => ({
  keyId: `key_${key}`,
  companyId: 'cmp_1',
  userId: 'usr_1',
  mode: 'live',
  isActive: true,
  isUserActive: true,
  isCompanyActive: true,
  expiresAt: null,
  whitelistedIPs: null,
  role: 'developer',
  permissions: ['*:*', 'keys:read'],
  metadata: { team: 'a' },
  secret: { ordinal: 1, endsAt: null, isOver: false },
  isLimited: false,
})
