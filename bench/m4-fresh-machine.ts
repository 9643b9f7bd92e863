import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildDist } from '../scripts/build-dist.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import { alternate } from './rounds.ts'
import { LISTENING, SERVING } from './running.ts'

/** Seconds, not milliseconds, and nothing to compare with. */
const ROUNDS_MAX = 3

/** From `npx` of the archive, on a machine where npm has never been used, until the first key is verified. */
export async function m4FreshMachine(extent: Extent): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  try {
    extent.progress('building the package')
    const { archive } = await buildDist(join(directory, 'built'))
    const rounds = Math.min(extent.rounds, ROUNDS_MAX)
    let made = 0
    const { first } = await alternate(
      { ...extent, rounds },
      { first: () => firstVerifiedSeconds(archive, join(directory, `machine-${++made}`)) },
    )
    const what =
      'npx of the archive in an empty folder, nothing in the cache of npm, until the first key is verified'
    return [rowOf({ id: 'M4', what, rounds: first, isBetter: 'lower', floor: 15, unit: 's' })]
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function firstVerifiedSeconds(archive: string, home: string): Promise<number> {
  mkdirSync(home)
  const startedAtMs = performance.now()
  // npx would run what a bare absolute path names.
  const child = spawn('npx', ['--yes', `file:${archive}`, 'serve'], {
    cwd: home,
    env: { PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), HOME: home, ...SERVING },
    stdio: ['ignore', 'pipe', 'inherit'],
    // The service is a child of npx: whoever ends this one has to end both.
    detached: true,
  })
  const exited = once(child, 'exit')
  try {
    const port = await announcedPort(child.stdout)
    const key = readFileSync(join(home, 'data/admin.key'), 'utf8').trim()
    const request = requestText('POST', '/verify', { headers: { 'x-api-key': key }, body: { key } })
    const { body } = await ask(port, request)
    if ((JSON.parse(body) as { readonly valid?: boolean }).valid !== true) throw new Error(body)
    return (performance.now() - startedAtMs) / 1_000
  } finally {
    process.kill(-child.pid!, 'SIGTERM')
    await exited
  }
}

async function announcedPort(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output })) {
    const port = LISTENING.exec(line)?.[1]
    if (port !== undefined) return Number(port)
  }
  throw new Error('the service ended before it was there')
}
