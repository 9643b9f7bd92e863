/**
 * Random companies, walked through HTTP and held against the reference model, page by page. A failure names
 * its seed: PAGING_SEED=<seed> PAGING_CASES=1 repeats it.
 */
import { expect, inject, test } from 'vitest'
import { expectCreated, type Parsed, useTestServer } from '../../harness.ts'
import {
  createRandom,
  type ModelQuery,
  type ModelRow,
  matching,
  modelPage,
  type Random,
} from '../../paging-model.ts'
import { insertStoredKeys } from '../../stored-keys.ts'

/** A database server takes five times as long for each; both stores are walked by the same code. */
const CASES = Number(process.env.PAGING_CASES ?? (inject('databaseServer') === undefined ? 250 : 60))
const FIRST_SEED = Number(process.env.PAGING_SEED ?? 7_000)
const ROWS_MAX = 22

const server = useTestServer({ LATCHKEY_LOG_LEVEL: 'silent' })

/** One company of a case: its rows in the store, and the same rows in the model. */
type World = {
  readonly headers: Readonly<Record<string, string>>
  readonly users: readonly string[]
  readonly rows: ModelRow[]
}

async function createWorld(random: Random): Promise<World> {
  const { id: companyId } = await expectCreated(server, { path: '/companies', body: { name: 'Acme' } })
  const headers = { 'x-company-id': companyId }
  const newUser = async () =>
    (await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'developer' }, headers })).id
  const users: string[] = [await newUser(), await newUser()]
  const rows: ModelRow[] = []
  const wanted = Array.from({ length: random.below(ROWS_MAX + 1) }, () => ({
    userId: random.pick(users),
    state: random.pick(['active', 'active', 'deleted', 'disabled'] as const),
  }))
  for (const { userId, state } of wanted) {
    const [id] = await insertStoredKeys(server.services, { companyId, userId, keys: [COLUMNS[state]] })
    rows.push({ id: id!, userId, status: state === 'active' ? 'active' : 'inactive' })
  }
  return { headers, users, rows }
}

const COLUMNS = {
  active: {},
  deleted: { status: 'inactive', deleted_at: 1 },
  disabled: { status: 'inactive', is_enabled: 0 },
} as const

/** Asks for a page and holds all of it against the model. */
async function page(world: World, query: ModelQuery): Promise<Parsed> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
  return follow(world, `/keys?${text}`, query)
}

async function follow(world: World, address: string, query: ModelQuery): Promise<Parsed> {
  const { pathname, search } = new URL(address, 'http://localhost')
  const { status, body } = await server.call({ path: `${pathname}${search}`, headers: world.headers })
  const { total, count, ids, next, previous } = modelPage(world.rows, query)
  const cursorOf = (url: string | null, name: string) => url && new URL(url).searchParams.get(name)
  expect({
    status,
    repeated: body.status,
    total: body.total,
    count: body.count,
    ids: body.data.map((key: Parsed) => key.id),
    next: cursorOf(body.nextUrl, 'startingAfter'),
    previous: cursorOf(body.previousUrl, 'endingBefore'),
  }).toEqual({ status: 200, repeated: 200, total, count, ids, next, previous })
  return body
}

type Filter = Pick<ModelQuery, 'status' | 'userId' | 'limit'>
const idsOf = (body: Parsed): string[] => body.data.map((key: Parsed) => key.id)

/** Every row once, in order; and back again, the same pages. */
async function walk(world: World, filter: Filter): Promise<void> {
  const pages = [await page(world, filter)]
  while (pages.at(-1).nextUrl !== null) {
    const startingAfter = idsOf(pages.at(-1)).at(-1)
    pages.push(await follow(world, pages.at(-1).nextUrl, { ...filter, startingAfter }))
  }
  expect(pages.flatMap(idsOf)).toEqual(matching(world.rows, filter))
  let current = pages.pop()
  for (const expected of pages.reverse()) {
    current = await follow(world, current.previousUrl, { ...filter, endingBefore: idsOf(current)[0] })
    expect(idsOf(current)).toEqual(idsOf(expected))
  }
  expect(current.previousUrl).toBeNull()
}

/** An offset is a slice, and its nextUrl goes on by cursor. */
async function slice(world: World, filter: Filter, random: Random): Promise<void> {
  const offset = random.below(world.rows.length + 3)
  const body = await page(world, { ...filter, offset })
  if (body.nextUrl === null) return
  const rest = await follow(world, body.nextUrl, { ...filter, startingAfter: idsOf(body).at(-1) })
  const start = offset + filter.limit
  expect(idsOf(rest)).toEqual(matching(world.rows, filter).slice(start, start + filter.limit))
}

/** Any key of the company is a position, whether the filter shows it or not. */
async function jump(world: World, filter: Filter, random: Random): Promise<void> {
  if (world.rows.length === 0) return
  const startingAfter = random.pick(world.rows).id
  const endingBefore = random.pick(world.rows).id
  await page(world, { ...filter, startingAfter })
  await page(world, { ...filter, endingBefore })
  await page(world, { ...filter, startingAfter, endingBefore })
}

/** Whoever deletes what it sees while walking meets every row exactly once. */
async function deleteWhileWalking(world: World, limit: number): Promise<void> {
  const expected = matching(world.rows, { status: 'active' })
  const met: string[] = []
  let body = await page(world, { status: 'active', limit })
  while (body.count > 0) {
    for (const id of idsOf(body)) {
      met.push(id)
      const answer = await server.call({ method: 'DELETE', path: `/keys/${id}`, headers: world.headers })
      expect(answer.status).toBe(204)
      world.rows.find((row) => row.id === id)!.status = 'inactive'
    }
    body = await page(world, { status: 'active', limit, startingAfter: met.at(-1) })
  }
  expect(met).toEqual(expected)
}

/** Keys made while walking neither repeat nor lose a row. */
async function insertWhileWalking(world: World, limit: number): Promise<void> {
  const expected = matching(world.rows, { status: 'all' })
  const met: string[] = []
  let body = await page(world, { status: 'all', limit })
  while (body.count > 0) {
    met.push(...idsOf(body))
    const userId = world.users[0]!
    const key = await expectCreated(server, { path: '/keys', body: { userId }, headers: world.headers })
    world.rows.push({ id: key.id, userId, status: 'active' })
    body = await page(world, { status: 'all', limit, startingAfter: met.at(-1) })
  }
  expect(met).toEqual(expected)
}

async function runCase(seed: number): Promise<void> {
  const random = createRandom(seed)
  const world = await createWorld(random)
  const filter: Filter = {
    status: random.pick(['active', 'inactive', 'all']),
    limit: 1 + random.below(6),
    userId: random.pick([undefined, undefined, world.users[0]]),
  }
  await walk(world, filter)
  await slice(world, filter, random)
  await jump(world, filter, random)
  if (random.below(2) === 0) await deleteWhileWalking(world, filter.limit)
  else await insertWhileWalking(world, filter.limit)
  await jump(world, filter, random)
}

test(
  `${CASES} random companies are paged as the reference model says`,
  async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
      await runCase(seed).catch((cause: unknown) => {
        throw new Error(`with PAGING_SEED=${seed}: ${cause instanceof Error ? cause.message : cause}`, {
          cause,
        })
      })
    }
  },
  // Only how long a run of many cases may take: nothing is measured.
  30_000 + CASES * 2_000,
)
