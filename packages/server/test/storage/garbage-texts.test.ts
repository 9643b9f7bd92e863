/** Texts that look like imported ones but are none cost no look-up, and no imported text is ever taken for one of them. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectCreated, type JoinedServer, startTestServer, type TestService } from '../harness.ts'

/** `GARBAGE_TEXTS=1000000` is the whole proof: some five minutes. */
const GARBAGE = Number(process.env.GARBAGE_TEXTS ?? 5_000)
const TEST_MS_MAX = 60_000 + 2 * GARBAGE
/** What memory may grow by in the second half, were it a million: a tenth of a kilobyte each would be twice as much. */
const GROWN_BYTES_MAX = 50 * 2 ** 20
/** Asked before it is given up that a server gets to know all texts: each a turn of the event loop. */
const ASKED_MAX = 2_000

let one: TestService

beforeAll(async () => {
  one = await startTestServer()
})
afterAll(() => one.dispose())

const newText = (): string => `shop_${randomBytes(24).toString('base64url')}`
type Server = Pick<TestService, 'call'>

async function importKeys(server: Server, keys: readonly string[]): Promise<string[]> {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const rows = keys.map((text) => ({ hash: hash(text), format: 'sha256', prefix: 'shop_' }))
  const { status, body, text } = await server.call({
    method: 'POST',
    path: '/keys/import',
    body: { user: one.admin.userId, keys: rows },
  })
  expect(status, text).toBe(200)
  expect(body.created).toBe(keys.length)
  return body.rows.map(({ keyId }: { keyId: string }) => keyId)
}

const verdictOf = async (server: Server, key: string): Promise<string> =>
  (await server.call({ method: 'POST', path: '/verify', body: { key } })).body.code

/** A server that has just started on the store, and has read all there is. */
async function joinKnowing(): Promise<JoinedServer> {
  const server = await one.join()
  for (let asked = 0; asked < ASKED_MAX; asked++) {
    const { loads } = server.services.verifier
    expect(await verdictOf(server, newText())).toBe('NOT_FOUND')
    if (server.services.verifier.loads === loads) return server
  }
  throw new Error('the server looks for every text in the store')
}

test(
  `of ${GARBAGE.toLocaleString('en')} made up ones none is accepted, none is looked for, and none is kept`,
  async () => {
    const texts = Array.from({ length: 20 }, newText)
    await importKeys(one, texts)
    const server = await joinKnowing()
    const { services } = server
    await services.usage.flush()
    const { size } = services.verifier
    let looked = 0
    let halfway = 0
    for (let count = 0; count < GARBAGE; count += 100) {
      const keys = Array.from({ length: 100 }, () => ({ key: newText() }))
      const { isFresh } = services.revocations
      const before = isFresh() ? services.verifier.loads : undefined
      const { body } = await server.call({ method: 'POST', path: '/verify/batch', body: { keys } })
      const codes = body.results.map(({ code }: { code: string }) => code)
      expect(new Set(codes)).toEqual(new Set(['NOT_FOUND']))
      // A server that the machine kept waiting has to ask the store for everything.
      if (before !== undefined && isFresh()) looked += services.verifier.loads - before
      if (count < GARBAGE / 2) halfway = Math.max(halfway, process.memoryUsage.rss())
    }
    expect({ looked, size: services.verifier.size }).toEqual({ looked: 0, size })
    if (GARBAGE >= 1_000_000) expect(process.memoryUsage.rss() - halfway).toBeLessThan(GROWN_BYTES_MAX)
    for (const text of texts) expect(await verdictOf(server, text)).toBe('VALID')
    await server.dispose()
  },
  TEST_MS_MAX,
)

test('a text is a key on every server when its import is answered, whatever they knew before', async () => {
  const server = await joinKnowing()
  for (let round = 0; round < 5; round++) {
    const text = newText()
    expect(await verdictOf(server, text)).toBe('NOT_FOUND')
    await importKeys(round % 2 === 0 ? one : server, [text])
    expect([await verdictOf(server, text), await verdictOf(one, text)]).toEqual(['VALID', 'VALID'])
  }
  await server.dispose()
})

const acts: readonly (readonly [string, (id: string) => Promise<unknown>, string])[] = [
  ['is in use', async () => {}, 'VALID'],
  ['was replaced, and lives on for a while', (id) => rotate(id), 'VALID'],
  [
    'was replaced, and is current again',
    async (id) => {
      await rotate(id)
      expect((await one.call({ method: 'DELETE', path: `/keys/${id}/rotation` })).status).toBe(204)
    },
    'VALID',
  ],
  ['was deleted', (id) => one.call({ method: 'DELETE', path: `/keys/${id}` }), 'INACTIVE'],
]
const rotate = (id: string) =>
  expectCreated(one, { path: `/keys/${id}/rotation`, body: { overlapSeconds: 3_600 } })

test.each(acts)('a text that %s is found, before and after a server knows all', async (_, act, code) => {
  const [before, after] = [newText(), newText()] as const
  const [idBefore, idAfter] = await importKeys(one, [before, after])
  await act(idBefore!)
  const server = await joinKnowing()
  await act(idAfter!)
  expect([await verdictOf(server, before), await verdictOf(server, after)]).toEqual([code, code])
  await server.dispose()
})

test('where nothing was imported nothing is read', async () => {
  const other = await startTestServer()
  try {
    await verdictOf(other, newText())
    let reads = 0
    const { engine } = other.services
    const { read } = engine
    Object.assign(engine, {
      read: (...given: Parameters<typeof read>) => {
        reads += 1
        return read(...given)
      },
    })
    for (let count = 0; count < 50; count++) expect(await verdictOf(other, newText())).toBe('NOT_FOUND')
    expect(reads).toBe(0)
  } finally {
    await other.dispose()
  }
})
