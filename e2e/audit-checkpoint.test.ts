import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

/** A service that makes some keys; answers what it logged. */
async function serveAndCreate(keys: number): Promise<string> {
  const service = await home.serve()
  const key = home.adminKey()
  const userId = (await call(service.url, { path: '/me', key })).body.userId
  for (let n = 0; n < keys; n++) {
    expect((await call(service.url, { method: 'POST', path: '/keys', key, body: { userId } })).status).toBe(
      201,
    )
  }
  return (await service.stop()).stderr
}

/** The chain as it was, with all that belongs to it. */
function putBack(rows: readonly Record<string, unknown>[]): void {
  const database = new DatabaseSync(join(home.dataDir, 'latchkey.db'))
  for (const { id, audit_count, audit_head, audit_seal } of rows as never as CompanyRow[]) {
    database.prepare('DELETE FROM audit_events WHERE company_id = ? AND sequence > ?').run(id, audit_count)
    database
      .prepare('UPDATE companies SET audit_count = ?, audit_head = ?, audit_seal = ? WHERE id = ?')
      .run(audit_count, audit_head, audit_seal, id)
  }
  database.close()
}

type CompanyRow = { id: string; audit_count: number; audit_head: Uint8Array; audit_seal: Uint8Array }

function companies(): Record<string, unknown>[] {
  const database = new DatabaseSync(join(home.dataDir, 'latchkey.db'))
  const rows = database.prepare('SELECT * FROM companies').all()
  database.close()
  return rows
}

it('a store that was put back is found by what was printed, and by what the service logged', async () => {
  const [printed, logged] = [join(home.directory, 'checkpoints'), join(home.directory, 'service.log')]
  writeFileSync(logged, await serveAndCreate(1))
  const before = companies()
  const checkpoint = await home.run(['audit', 'checkpoint'])
  expect(checkpoint).toMatchObject({ exitCode: 0, stderr: '' })
  expect(checkpoint.stdout).toMatch(
    /^lkc1;\d{4}-[\w:.-]+Z;1:[0-9a-f]{32};cmp_\w+:5:[0-9a-f]{32};[\w-]{43}\n$/,
  )
  writeFileSync(printed, checkpoint.stdout)
  appendFileSync(logged, await serveAndCreate(2))
  expect(await home.run(['audit', 'verify', '--checkpoint', printed, '--checkpoint', logged])).toEqual({
    exitCode: 0,
    stdout: '1 company, 7 events: every chain holds.\n3 checkpoints agree.\n',
    stderr: '',
  })
  putBack(before)
  expect(await home.run(['audit', 'verify'])).toMatchObject({ exitCode: 0 })
  expect(await home.run(['audit', 'verify', '--checkpoint', printed])).toMatchObject({ exitCode: 0 })
  const found = await home.run(['audit', 'verify', '--checkpoint', logged])
  expect(found).toMatchObject({ exitCode: 1, stderr: '' })
  expect(found.stdout).toMatch(
    /^cmp_\w+: the chain breaks at its end: it ends at 5, and the checkpoint of \S+ saw 7\.\n$/,
  )
})

it('what is no checkpoint of this deployment verifies nothing, and says so', async () => {
  await serveAndCreate(0)
  const file = join(home.directory, 'checkpoints')
  const { stdout } = await home.run(['audit', 'checkpoint'])
  for (const [text, reason] of [
    ['', 'holds no checkpoint'],
    ['nothing here\n', 'holds no checkpoint'],
    [`first\n${stdout.replace(/:4:/, ':3:')}`, 'Line 2 of'],
    [stdout.slice(0, 80), 'Line 1 of'],
  ] as const) {
    writeFileSync(file, text)
    const ended = await home.run(['audit', 'verify', '--checkpoint', file])
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' })
    expect(ended.stderr).toContain(reason)
    expect(ended.stderr).toMatch(/Nothing was verified\.\n$/)
  }
  const missing = await home.run(['audit', 'verify', '--checkpoint', join(home.directory, 'none')])
  expect(missing).toMatchObject({ exitCode: 1, stdout: '' })
  expect(missing.stderr).toMatch(
    /^latchkey: .*none cannot be compared with: ENOENT.*Nothing was verified\.\n$/,
  )
})
