/** A service that starts in the middle of a restore: it serves the restored store or none, and no log gets into another. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHome, type Home } from './running.ts'

const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0
/** Long enough for a service to come up in it, and shorter than it waits for a store that somebody has. */
const HELD_MS = 3_000

let home: Home
let backup: string

beforeEach(async () => {
  home = createHome()
  backup = join(home.directory, 'backup.db')
  expect(await home.run(['bootstrap'])).toMatchObject({ exitCode: 0 })
  expect(await home.run(['backup', backup])).toMatchObject({ exitCode: 0 })
})
afterEach(() => home.dispose())

/** 503 of a store that waits to be accepted. */
const readinessOf = async ({ url }: { readonly url: string }) => (await fetch(`${url}/readyz`)).status

const names = () => readdirSync(home.dataDir)

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

/** `wrap` for a program that stands still when it makes a call of the kinds. */
const heldAt = (calls: string, more: readonly string[]) => (command: readonly string[]) => [
  ...['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, ...more, ...command],
]
const delay = (calls: string, count: number) => [
  '-e',
  `inject=${calls}:delay_enter=${HELD_MS * 1_000}:when=${count}`,
]

it.skipIf(!canTrace).each([
  ['gives the old store its second name', 'link,linkat', 'partial'],
  ['gives the new one its name', 'rename,renameat,renameat2', 'before-restore'],
])('waits while a restore %s', async (_what, calls, mark) => {
  const restore = home.start(['restore', backup], { wrap: heldAt(calls, delay(calls, 1)) })
  await until(() => names().some((name) => name.includes(mark)))
  const service = await home.serve()
  expect(await restore.ended).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await readinessOf(service)).toBe(503)
  await service.stop()
  expect(await home.run(['restore', '--accept'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await home.run(['doctor'])).stdout).toMatch(/All is well\.\n$/)
})

/** Locks that a start takes on the file, and a few more. */
const LOCKS = Array.from({ length: 14 }, (_, index) => index + 1)
const chosen = process.env.FAULTS === 'all' ? LOCKS : [LOCKS[Math.floor(Math.random() * LOCKS.length)]!]

it.skipIf(!canTrace).each(chosen)(
  'is refused, or is over before the service has a store, which stands still at its lock number %i',
  async (count) => {
    const only = ['-P', join(home.dataDir, 'latchkey.db')]
    const serving = home.serve({ wrap: heldAt('fcntl', [...only, ...delay('fcntl', count)]) })
    await sleep(Math.random() * HELD_MS)
    const { exitCode, stderr } = await home.run(['restore', backup])
    if (exitCode !== 0) expect(stderr).toMatch(/^latchkey: The store is in use: [^\n]+\n$/)
    const service = await serving
    const status = await readinessOf(service)
    expect({ exitCode, status }).toEqual(
      exitCode === 0 ? { exitCode, status: 503 } : { exitCode, status: 200 },
    )
    await service.stop()
    expect((await home.run(['audit', 'verify'])).stdout).toMatch(/every chain holds\.\n$/)
  },
)
