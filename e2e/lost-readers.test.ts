/** What becomes of the service when nobody reads, or can read, what it prints. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../packages/server/test/free-port.ts'
import { call } from './calling.ts'
import { LATCHKEY, NODE } from './program.ts'
import { createHome, type Home } from './running.ts'

/** More than a pipe holds (64 KiB), at some 250 bytes a line. */
const REQUESTS = 400

let home: Home
let port: number

beforeEach(async () => {
  home = createHome()
  port = await freePort()
})

afterEach(() => home.dispose())

const urlOf = () => `http://127.0.0.1:${port}`

function start(workers: string, shell?: string) {
  const command = [NODE, LATCHKEY, 'serve']
  const [file = '', ...args] = shell === undefined ? command : ['sh', '-c', shell, 'sh', ...command]
  const child = spawn(file, args, {
    cwd: home.directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      LATCHKEY_DATA_DIR: home.dataDir,
      PORT: String(port),
      LATCHKEY_WORKERS: workers,
      LATCHKEY_DRAIN_SECONDS: '0',
      LATCHKEY_LOG_LEVEL: 'info',
    },
  })
  return child
}

async function untilReady(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${urlOf()}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await nextTurn()
  }
}

async function expectServing(): Promise<void> {
  const key = home.adminKey()
  for (let sent = 0; sent < REQUESTS; sent++) {
    const answer = await call(urlOf(), { path: '/verify', key, body: { key } })
    expect(answer.body).toMatchObject({ valid: true })
  }
}

describe.each([
  ['one process', '1'],
  ['two', '2'],
])('a service of %s whose output', (_name, workers) => {
  it.each([
    ['is read to its first line', async (stream: NodeJS.ReadableStream) => void (await once(stream, 'data'))],
    ['is not read at all', async () => {}],
  ])('%s, and whose reader then leaves, goes on serving and ends in order', async (_how, read) => {
    const child = start(workers)
    const ended = once(child, 'exit')
    await read(child.stdout)
    child.stdout.destroy()
    child.stderr.destroy()
    await untilReady()
    await expectServing()
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  it('stands in a full pipe, with a reader that stands still, goes on serving and ends in order', async () => {
    const child = start(workers)
    const ended = once(child, 'exit')
    await untilReady()
    await expectServing()
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    child.stdout.destroy()
    child.stderr.destroy()
  })

  it.each([
    ['is closed', 'exec "$@" >&- 2>&-'],
    ['goes to a full disk', 'exec "$@" >/dev/full 2>&1'],
  ])('%s, goes on serving and ends in order', async (_how, shell) => {
    const child = start(workers, shell)
    const ended = once(child, 'exit')
    await untilReady()
    await expectServing()
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})
