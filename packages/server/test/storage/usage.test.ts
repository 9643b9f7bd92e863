import { type Address, parseAddress } from '@latchkey/core/address'
import { IN_FORCE } from '@latchkey/core/evaluate'
import type { CompanyId, KeyId, SessionId, UserId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { createBuilder } from '../../src/storage/builder.ts'
import type { Engine } from '../../src/storage/engine.ts'
import { createCountWriter } from '../../src/verification/usage/count-writer.ts'
import { createRests } from '../../src/verification/usage/rests.ts'
import { createUsage, type Usage } from '../../src/verification/usage/usage.ts'
import { createUsageNotes } from '../../src/verification/usage/usage-notes.ts'
import { createUseWriter } from '../../src/verification/usage/use-writer.ts'
import { createFakeClock } from '../fake-clock.ts'
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
  const failing =
    <Given extends unknown[], T>(write: (...given: Given) => Promise<T>) =>
    (...given: Given) =>
      disk.isFull ? Promise.reject(new Error('disk full')) : write(...given)
  const disk: Disk = {
    engine: {
      ...engine,
      write: failing(engine.write) as Engine['write'],
      writeUnsynced: failing(engine.writeUnsynced) as Engine['writeUnsynced'],
    },
    isFull: true,
  }
  return disk
}

/** All that is noted of an accepted use. */
const noteUse = (
  { note }: Pick<Usage, 'note'>,
  id: KeyId | SessionId | UserId,
  nowMs = NOW_MS,
  address?: Address,
): void => {
  const key = { id, companyId: company.id as CompanyId } as VerifiableKey
  note({ code: 'VALID', key, secret: undefined }, { ...IN_FORCE, address, nowMs })
}

const usageOn = (
  engine: Pick<Engine, 'write' | 'writeUnsynced' | 'hasRoom'>,
  onError: (error: unknown) => void = () => {},
): Usage => createUsage({ engine, clock: createFakeClock(NOW_MS), newId: () => crypto.randomUUID(), onError })

const keyOf = (role: 'developer' | 'viewer') => company.users[role].keyId as KeyId

async function lastUsedAt(id: KeyId): Promise<string> {
  const answer = await server.call({ path: `/keys/${id}`, key: company.users.admin.key })
  return answer.body.lastUsedAt
}

test('a use whose write failed is noted again by the next use, not a minute later', async () => {
  const id = keyOf('developer')
  const disk = createDisk()
  const usage = usageOn(disk.engine)
  noteUse(usage, id)
  await expect(usage.flush()).rejects.toThrow('disk full')
  disk.isFull = false
  noteUse(usage, id, NOW_MS + 1_000)
  await usage.stop()
  expect(await lastUsedAt(id)).toBe(new Date(NOW_MS + 1_000).toISOString())
})

test('a use that found no room is noted again by the next use after a flush', async () => {
  const id = keyOf('viewer')
  const disk = createDisk()
  const notebook = createNotebook(disk.engine)
  for (let n = 0; n < MANY; n++) noteUse(notebook, `key_${n}`)
  noteUse(notebook, id)
  await expect(notebook.flush()).rejects.toThrow('disk full')
  disk.isFull = false
  noteUse(notebook, id, NOW_MS + 1_000)
  await notebook.flush()
  expect(await lastUsedAt(id)).toBe(new Date(NOW_MS + 1_000).toISOString())
})

/** Uses without counts, and how many writes they made. Keys that only they know are no rows that anything refers to. */
function createNotebook({ writeUnsynced }: Pick<Engine, 'writeUnsynced'> = server.services.engine) {
  let writes = 0
  const notes = createUsageNotes(() => {})
  const { flush } = createUseWriter(
    {
      writeUnsynced(work) {
        writes += 1
        return writeUnsynced(work)
      },
    },
    notes,
    createRests(0),
  )
  return {
    note: notes.note,
    flush,
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
  const notebook = createNotebook()
  noteUse(notebook, known, NOW_MS, parseAddress('2001:DB8::7'))
  noteUse(notebook, unknown)
  await notebook.flush()
  expect(await lastUse(known)).toEqual([at(0), '2001:db8::7'])
  expect(await lastUse(unknown)).toEqual([at(0), null])
})

test('of many uses in a minute the first is written, and the next after it', async () => {
  const id = await aNewKey()
  const notebook = createNotebook()
  const use = async (ms: number) => {
    noteUse(notebook, id, NOW_MS + ms)
    await notebook.flush()
    return (await lastUse(id))?.[0]
  }
  expect(await use(0)).toBe(at(0))
  expect(await use(59_999)).toBe(at(0))
  expect(notebook.writes).toBe(1)
  expect(await use(60_000)).toBe(at(60_000))
  expect(await use(119_999)).toBe(at(60_000))
  expect(notebook.writes).toBe(2)
})

test('two uses before one flush are one row, of the first', async () => {
  const id = await aNewKey()
  const notebook = createNotebook()
  for (const ms of [0, 1, 2]) noteUse(notebook, id, NOW_MS + ms)
  await notebook.flush()
  expect(await lastUse(id)).toEqual([at(0), null])
  expect(notebook.writes).toBe(1)
})

test('a clock that was set back begins a new minute, and overwrites no later use', async () => {
  const id = await aNewKey()
  const notebook = createNotebook()
  for (const ms of [10_000, 9_999]) {
    noteUse(notebook, id, NOW_MS + ms)
    await notebook.flush()
  }
  expect(notebook.writes).toBe(2)
  expect(await lastUse(id)).toEqual([at(10_000), null])
})

test('sessions and users are not noted, and nothing to write is no write', async () => {
  const notebook = createNotebook()
  noteUse(notebook, 'ses_1' as SessionId)
  noteUse(notebook, 'usr_1' as UserId)
  await notebook.flush()
  expect(notebook.writes).toBe(0)
})

test('uses are written by themselves after a second', async () => {
  const id = await aNewKey()
  const written = Promise.withResolvers<void>()
  const { engine } = server.services
  const writeUnsynced: Engine['writeUnsynced'] = async (work) => {
    const answer = await engine.writeUnsynced(work)
    written.resolve()
    return answer
  }
  const usage = usageOn({ ...engine, writeUnsynced }, written.reject)
  noteUse(usage, id)
  await written.promise
  expect(await lastUse(id)).toEqual([at(0), null])
  await usage.stop()
})

test('a write that failed by itself is told, and the next one is tried', async () => {
  const told = Promise.withResolvers<unknown>()
  const disk = createDisk()
  const usage = usageOn(disk.engine, told.resolve)
  const id = await aNewKey()
  noteUse(usage, id)
  expect(await told.promise).toEqual(new Error('disk full'))
  disk.isFull = false
  noteUse(usage, id, NOW_MS + 1)
  await usage.flush()
  expect(await lastUse(id)).toEqual([at(1), null])
  await usage.stop()
})

test('a hundred rows are one write, and all of them come in the order of their ids', async () => {
  const written: unknown[][] = []
  const db = createBuilder(WORDS, (_text, parameters) => {
    written.at(-1)!.push(...parameters.filter((value) => String(value).startsWith('key_')))
    return []
  })
  const writeUnsynced: Engine['writeUnsynced'] = (work) => {
    written.push([])
    return work(db)
  }
  const notebook = createNotebook({ writeUnsynced })
  const idOf = (n: number) => `key_${String(n).padStart(4, '0')}` as KeyId
  for (let n = 0; n < 1_001; n += 1) noteUse(notebook, idOf((n * 8) % 1_001))
  await notebook.flush()
  expect(written.map(({ length }) => length)).toEqual([...Array(10).fill(100), 1])
  expect(written.flat()).toEqual(Array.from({ length: 1_001 }, (_, n) => idOf(n)))
})

test('of counts that take many writes one name is remembered, of the last', async () => {
  const notes = createUsageNotes(() => {})
  const { flush } = createCountWriter(
    {
      engine: server.services.engine,
      clock: createFakeClock(NOW_MS),
      newId: () => 'flush',
      onError: (error) => expect.unreachable(String(error)),
      rests: createRests(0),
    },
    notes,
  )
  for (let n = 0; n < 120; n++) noteUse(notes, `key_${n}`)
  await flush()
  const remembered = await server.services.engine.read((db) =>
    db.selectFrom('usage_reports').select('id').where('id', 'like', 'flush %').execute(),
  )
  expect(remembered).toEqual([{ id: 'flush 00004' }])
})
