import { parseAddress } from '@latchkey/core/address'
import type { KeyId, SessionId, UserId } from '@latchkey/core/ids'
import { type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { createBuilder } from '../../src/storage/builder.ts'
import type { Engine } from '../../src/storage/engine.ts'
import { createUsage } from '../../src/verification/usage.ts'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'

const NOW_MS = Date.UTC(2026, 10, 20)
/** More uses than are held between two flushes. */
const MANY = 60_000

/** Those of any store do to see which rows are in a statement. */
const WORDS = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
}

const server = useTestServer()
let company: TestCompany
beforeAll(async () => {
  company = await createTestCompany(server)
})

type Disk = { readonly engine: Engine; isFull: boolean }

/** The engine of a real store, whose disk can be made to be full. */
function createDisk(): Disk {
  const { engine } = server.services
  const write: Engine['write'] = (work) =>
    disk.isFull ? Promise.reject(new Error('disk full')) : engine.write(work)
  const disk: Disk = { engine: { ...engine, write }, isFull: true }
  return disk
}

const keyOf = (role: 'developer' | 'viewer') => company.users[role].keyId as KeyId

async function lastUsedAt(id: KeyId): Promise<string> {
  const answer = await server.call({ path: `/keys/${id}`, key: company.users.admin.key })
  return answer.body.lastUsedAt
}

test('a use whose write failed is noted again by the next use, not a minute later', async () => {
  const id = keyOf('developer')
  const disk = createDisk()
  const usage = createUsage(disk.engine, () => {})
  usage.note(id, NOW_MS, undefined)
  await expect(usage.flush()).rejects.toThrow('disk full')
  disk.isFull = false
  usage.note(id, NOW_MS + 1_000, undefined)
  await usage.stop()
  expect(await lastUsedAt(id)).toBe(new Date(NOW_MS + 1_000).toISOString())
})

test('a use that found no room is noted again by the next use after a flush', async () => {
  const id = keyOf('viewer')
  const disk = createDisk()
  const usage = createUsage(disk.engine, () => {})
  for (let n = 0; n < MANY; n++) usage.note(`key_${n}`, NOW_MS, undefined)
  usage.note(id, NOW_MS, undefined)
  await expect(usage.flush()).rejects.toThrow('disk full')
  disk.isFull = false
  usage.note(id, NOW_MS + 1_000, undefined)
  await usage.stop()
  expect(await lastUsedAt(id)).toBe(new Date(NOW_MS + 1_000).toISOString())
})

/** A notebook of uses, and how many writes it made. Keys that only it knows are no rows that anything refers to. */
function createNotebook() {
  const { engine } = server.services
  let writes = 0
  const usage = createUsage(
    {
      ...engine,
      write(work) {
        writes += 1
        return engine.write(work)
      },
    },
    () => {},
  )
  return {
    usage,
    get writes() {
      return writes
    },
  }
}

/** As it is stored: moment and address. */
async function lastUse(id: KeyId): Promise<readonly [string, string | null] | undefined> {
  const rows = await server.services.engine.read((db) =>
    db.selectFrom('key_usage').selectAll().where('key_id', '=', id).execute(),
  )
  return rows.map((row) => [new Date(row.last_used_at).toISOString(), row.last_address] as const)[0]
}

async function aNewKey(): Promise<KeyId> {
  const body = { userId: company.users.developer.id }
  return (await expectCreated(server, { path: '/keys', key: company.users.admin.key, body })).id
}

const at = (ms: number) => new Date(NOW_MS + ms).toISOString()

test('a use is noted with its moment and its address, in canonical text', async () => {
  const [known, unknown] = [await aNewKey(), await aNewKey()]
  const { usage } = createNotebook()
  usage.note(known, NOW_MS, parseAddress('2001:DB8::7'))
  usage.note(unknown, NOW_MS, undefined)
  await usage.stop()
  expect(await lastUse(known)).toEqual([at(0), '2001:db8::7'])
  expect(await lastUse(unknown)).toEqual([at(0), null])
})

test('of many uses in a minute the first is written, and the next after it', async () => {
  const id = await aNewKey()
  const notebook = createNotebook()
  const use = async (ms: number) => {
    notebook.usage.note(id, NOW_MS + ms, undefined)
    await notebook.usage.flush()
    return (await lastUse(id))?.[0]
  }
  expect(await use(0)).toBe(at(0))
  expect(await use(59_999)).toBe(at(0))
  expect(notebook.writes).toBe(1)
  expect(await use(60_000)).toBe(at(60_000))
  expect(await use(119_999)).toBe(at(60_000))
  expect(notebook.writes).toBe(2)
  await notebook.usage.stop()
})

test('two uses before one flush are one row, of the first', async () => {
  const id = await aNewKey()
  const notebook = createNotebook()
  for (const ms of [0, 1, 2]) notebook.usage.note(id, NOW_MS + ms, undefined)
  await notebook.usage.stop()
  expect(await lastUse(id)).toEqual([at(0), null])
  expect(notebook.writes).toBe(1)
})

test('a clock that was set back begins a new minute, and overwrites no later use', async () => {
  const id = await aNewKey()
  const notebook = createNotebook()
  for (const ms of [10_000, 9_999]) {
    notebook.usage.note(id, NOW_MS + ms, undefined)
    await notebook.usage.flush()
  }
  expect(notebook.writes).toBe(2)
  expect(await lastUse(id)).toEqual([at(10_000), null])
  await notebook.usage.stop()
})

test('sessions and users are not noted, and nothing to write is no write', async () => {
  const notebook = createNotebook()
  notebook.usage.note('ses_1' as SessionId, NOW_MS, undefined)
  notebook.usage.note('usr_1' as UserId, NOW_MS, undefined)
  await notebook.usage.flush()
  await notebook.usage.stop()
  expect(notebook.writes).toBe(0)
})

test('uses are written by themselves after a second', async () => {
  const id = await aNewKey()
  const written = Promise.withResolvers<void>()
  const { engine } = server.services
  const usage = createUsage(
    {
      ...engine,
      async write(work) {
        const answer = await engine.write(work)
        written.resolve()
        return answer
      },
    },
    written.reject,
  )
  usage.note(id, NOW_MS, undefined)
  await written.promise
  expect(await lastUse(id)).toEqual([at(0), null])
  await usage.stop()
})

test('a write that failed by itself is told, and the next one is tried', async () => {
  const told = Promise.withResolvers<unknown>()
  const disk = createDisk()
  const usage = createUsage(disk.engine, told.resolve)
  const id = await aNewKey()
  usage.note(id, NOW_MS, undefined)
  expect(await told.promise).toEqual(new Error('disk full'))
  disk.isFull = false
  usage.note(id, NOW_MS + 1, undefined)
  await usage.flush()
  expect(await lastUse(id)).toEqual([at(1), null])
  await usage.stop()
})

test('five hundred rows are one write, and all of them come in the order of their ids', async () => {
  const written: unknown[][] = []
  const db = createBuilder(WORDS, (_text, parameters) => {
    written.at(-1)!.push(...parameters.filter((value) => String(value).startsWith('key_')))
    return []
  })
  const write: Engine['write'] = async (work) => {
    written.push([])
    return { value: await work(db, () => {}), revocation: undefined }
  }
  const usage = createUsage({ ...server.services.engine, write }, () => {})
  const idOf = (n: number) => `key_${String(n).padStart(4, '0')}` as KeyId
  for (let n = 0; n < 1_001; n += 1) usage.note(idOf((n * 8) % 1_001), NOW_MS, undefined)
  await usage.stop()
  expect(written.map(({ length }) => length)).toEqual([500, 500, 1])
  expect(written.flat()).toEqual(Array.from({ length: 1_001 }, (_, n) => idOf(n)))
})
