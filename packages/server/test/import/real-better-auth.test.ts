/** Tables that the real packages of better-auth made, and what these say of each text. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importOnHost } from '../../src/host/import-on-host.ts'
import { readBetterAuthDatabase } from '../../src/import/better-auth-database.ts'
import type { SourceLine } from '../../src/import/import-row.ts'
import { createTestCompany, useTestServer } from '../harness.ts'
import { type Cluster, createCluster, createDatabase } from '../postgres-cluster.ts'
import { OPTIONS, readAll, refusals, rowsFor } from './reading.ts'

const run = promisify(execFile)
const folder = join(import.meta.dirname, '../../../../e2e/moving-in')
/** Installing takes some six seconds when nothing else does. */
const INSTALL_MS_MAX = 300_000

type Asked = {
  readonly table: string
  readonly name: string
  readonly text: string
  readonly works: boolean
  readonly owner: string
}

const server = useTestServer()
let directory: string
let cluster: Cluster | undefined
let asked: Asked[]
const entries = new Map<string, SourceLine[]>()

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-moving-in-'))
  cpSync(folder, directory, { recursive: true })
  await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: directory })
  cluster = await createCluster()
  const files = ['old.db', 'new.db'].map((name) => join(directory, name))
  const databases = [await createDatabase(cluster.url), await createDatabase(cluster.url)]
  const places = [...files, ...databases.map(({ url }) => url)]
  const { stdout } = await run(process.execPath, ['make-tables.mjs', ...places], { cwd: directory })
  const lines: (Asked | { readonly table: string; readonly row: object })[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  asked = lines.filter((line) => 'text' in line)
  for (const table of ['old on PostgreSQL', 'new on PostgreSQL']) {
    const rows = lines.flatMap((line) =>
      'row' in line && line.table === table ? [JSON.stringify(line.row)] : [],
    )
    entries.set(table, await readAll('better-auth', rows.join('\n')))
  }
  for (const name of ['old', 'new']) {
    entries.set(name, await Array.fromAsync(readBetterAuthDatabase(join(directory, `${name}.db`), OPTIONS)))
  }
}, INSTALL_MS_MAX)

afterAll(async () => {
  await cluster?.dispose()
  rmSync(directory, { recursive: true, force: true })
})

describe.each(['old', 'new', 'old on PostgreSQL', 'new on PostgreSQL'])('the table %s', (table) => {
  const nowMs = Date.now()

  it('gives every key with the owner it had, and lets work what worked there and nothing else', () => {
    const found = entries.get(table) ?? []
    expect(refusals(found)).toEqual([])
    const texts = asked.filter((each) => each.table === table)
    expect(texts.map(({ name }) => name)).toEqual([
      'plain',
      'full',
      'disabled',
      'expired',
      'spent',
      'unknown',
    ])
    for (const { name, text, works, owner } of texts) {
      const rows = rowsFor(found, text)
      expect([name, rows.length]).toEqual([name, name === 'unknown' ? 0 : 1])
      const worksHere = rows.some(
        ({ status, expiresAt }) =>
          status === 'active' && (expiresAt === undefined || Date.parse(expiresAt) > nowMs),
      )
      expect([name, worksHere]).toEqual([name, works])
      for (const row of rows) expect(row).toMatchObject({ externalUserId: owner, description: name })
    }
  })

  it('gives what a key may do, its metadata and its beginning', () => {
    const full = asked.find((each) => each.table === table && each.name === 'full')
    expect(rowsFor(entries.get(table) ?? [], full?.text ?? '')).toMatchObject([
      {
        permissions: ['orders:read', 'orders:write'],
        prefix: full?.text.slice(0, 6),
        metadata: { plan: 'gold', 'better-auth.remaining': expect.any(String) },
        notes: expect.arrayContaining([expect.stringMatching(/uses left there/)]),
      },
    ])
    const plain = asked.find((each) => each.table === table && each.name === 'plain')
    expect(rowsFor(entries.get(table) ?? [], plain?.text ?? '')[0]?.metadata).not.toHaveProperty('metadata')
  })

  it('works here once it is imported, exactly where it worked there', async () => {
    const company = await createTestCompany(server)
    async function* lines() {
      yield* entries.get(table) ?? []
    }
    const said = { companyId: company.id, source: 'better-auth', extras: {}, userId: undefined }
    const report = importOnHost(server.services, lines(), { ...said, createsUsers: true, isDryRun: false })
    const outcomes = (await Array.fromAsync(report)).flat().map(({ outcome }) => outcome)
    expect(new Set(outcomes)).toEqual(new Set(['created']))
    const key = company.users.admin.key
    for (const { name, text, works, owner } of asked.filter((each) => each.table === table)) {
      const { body } = await server.call({ method: 'POST', path: '/verify', key, body: { key: text } })
      expect([name, body.valid]).toEqual([name, works])
      if (name === 'unknown') continue
      const { body: user } = await server.call({ path: `/users/${body.userId}`, key })
      expect([name, user.externalId, user.role]).toEqual([name, owner, 'developer'])
    }
  })
})
