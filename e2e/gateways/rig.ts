import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import { type ClientAnswer, type ClientRequest, sendTo } from './client.ts'
import { type RunningLatchkey, type RunningProgram, startLatchkey } from './processes.ts'
import { type Arrival, startTinyApplication, type TinyApplication } from './tiny-application.ts'

type Ports = { readonly gateway: number; readonly latchkey: number; readonly application: number }

export type Gateway = {
  readonly name: string
  /** What has to be installed, or undefined when nothing is missing. */
  missing(): Promise<string | undefined>
  /** Runs the documented configuration on these ports, with its files in `home`. */
  start(home: string, ports: Ports): Promise<RunningProgram>
  /** What needs orders:write. */
  readonly writing: ClientRequest
  /** Paths of the configuration itself, which no client may reach. */
  readonly hidden: readonly string[]
}

type Key = { readonly id: string; readonly key: string; readonly userId: string; readonly companyId: string }

/** A gateway with a Latchkey and an application behind it. */
export type Rig = {
  readonly port: number
  readonly latchkey: RunningLatchkey
  readonly application: TinyApplication
  readonly running: RunningProgram
  /** May read and write orders, from INSIDE only. */
  readonly good: Key
  /** May read orders, from everywhere. */
  readonly reader: Key
  send(request: ClientRequest): Promise<ClientAnswer>
  createKey(fields: object): Promise<Key>
  deleteKey(key: Key): Promise<unknown>
  /** The one request that reached the application; fails when there were none, or more. */
  onlyArrival(): Arrival
  /** An answer of the gateway's own, with nothing having reached the application. */
  expectRefused(answer: ClientAnswer, status: number): void
  stop(): Promise<void>
}

export const INSIDE = '127.0.0.2'
export const OUTSIDE = '127.0.0.3'
/** What stands in front of a gateway that says so. */
export const FRONT = '127.0.0.9'
export const FAILURES_MAX = 5

/** As many as a key may have, as long as they may be, orders:read among them. */
export const MOST_PERMISSIONS: readonly string[] = [
  ...Array.from({ length: 99 }, (_, n) => `${'a'.repeat(64)}:${'b'.repeat(61)}${n + 100}`),
  'orders:*',
]

/** `settings`: of its Latchkey, beside those that all have. */
export async function startRig(
  gateway: Pick<Gateway, 'start'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Rig> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-gateways-'))
  const started: { stop(): Promise<void> }[] = []
  async function stop() {
    await Promise.all(started.map((each) => each.stop()))
    rmSync(home, { recursive: true, force: true })
  }
  try {
    const latchkey = await startLatchkey({
      LATCHKEY_FAILED_AUTH_PER_MINUTE: String(FAILURES_MAX),
      // As few as can be set: whoever passes a client's headers on to the question shows.
      LATCHKEY_HEADER_BYTES: '8192',
      ...settings,
    })
    started.push(latchkey)
    const application = await startTinyApplication()
    started.push(application)
    const port = await freePort()
    const ports = { gateway: port, latchkey: latchkey.port, application: application.port }
    const running = await gateway.start(home, ports)
    started.push(running)
    return {
      port,
      latchkey,
      application,
      running,
      ...(await createKeys(latchkey)),
      ...asking(port, application),
      stop,
    }
  } catch (error) {
    // What has started must not outlive a test that has not.
    await stop()
    throw error
  }
}

/** Runs a gateway in a home and at a port of its own, between these two, for as long as `work` takes. */
export async function withGateway(
  gateway: Pick<Gateway, 'start'>,
  between: Omit<Ports, 'gateway'>,
  work: (port: number) => Promise<void>,
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-gateways-'))
  const port = await freePort()
  try {
    const running = await gateway.start(home, { gateway: port, ...between })
    await work(port).finally(() => running.stop())
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function createKeys(
  latchkey: RunningLatchkey,
): Promise<Pick<Rig, 'good' | 'reader' | 'createKey' | 'deleteKey'>> {
  const { userId } = await askLatchkey(latchkey, 'GET', '/me')
  const createKey = (fields: object) => askLatchkey(latchkey, 'POST', '/keys', { userId, ...fields })
  return {
    good: await createKey({ permissions: ['orders:read', 'orders:write'], whitelistedIPs: [INSIDE] }),
    reader: await createKey({ permissions: ['orders:read'] }),
    createKey,
    deleteKey: ({ id }) => askLatchkey(latchkey, 'DELETE', `/keys/${id}`),
  }
}

function asking(
  port: number,
  { arrivals }: TinyApplication,
): Pick<Rig, 'send' | 'onlyArrival' | 'expectRefused'> {
  return {
    send: (request) => sendTo(port, request),
    onlyArrival() {
      expect(arrivals).toHaveLength(1)
      return arrivals[0]!
    },
    expectRefused(answer, status) {
      expect(answer.status).toBe(status)
      expect(arrivals).toEqual([])
    },
  }
}

async function askLatchkey(
  { port, adminKey }: RunningLatchkey,
  method: string,
  path: string,
  body?: object,
): Promise<Key> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { 'x-api-key': adminKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
  return JSON.parse(text || '{}')
}

export const withKey = ({ key }: { readonly key: string }): string[] => ['X-API-KEY', key]

/** Every line of a header that reached the application; `name` in lower case. */
export const valuesOf = ({ headers }: Arrival, name: string): string[] =>
  headers.filter(([found]) => found === name).map(([, value]) => value)
