/** An import on the host goes step by step: it can be tried, ended and begun again, and two can run at once. */
import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { importOnHost } from '../../src/host/import-on-host.ts'
import type { SourceName } from '../../src/import/import-row.ts'
import { judgeLines } from '../../src/import/judge-lines.ts'
import { readSource } from '../../src/import/read-source.ts'
import type { ImportedLine } from '../../src/keys/import-keys.ts'
import { createTestCompany, useTestServer } from '../harness.ts'

const server = useTestServer()

let count = 0
const newText = (): string =>
  `shop_${createHash('sha256').update(`host ${++count}`).digest('base64url').slice(0, 30)}`
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

type Given = { readonly companyId: string; readonly rows: readonly object[]; readonly pepper?: string }

async function* steps(
  { companyId, rows, pepper }: Given,
  isDryRun = false,
  fault?: Error,
): AsyncGenerator<ImportedLine[]> {
  const source: SourceName = 'ndjson'
  const file = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'))
  async function* bytes() {
    yield file
  }
  const extras = pepper === undefined ? {} : { pepper: Buffer.from(pepper) }
  const rules = { hasOwner: false, hasPepper: pepper !== undefined, hasSalt: false }
  const lines = judgeLines(readSource(source, bytes, { keyPrefix: 'lk' }), rules)
  const said = { companyId, source, extras, userId: undefined, createsUsers: true, isDryRun }
  async function* untilFault() {
    yield* lines
    if (fault !== undefined) throw fault
  }
  yield* importOnHost(server.services, untilFault(), said)
}
const all = async (given: Given, isDryRun = false): Promise<ImportedLine[]> =>
  (await Array.fromAsync(steps(given, isDryRun))).flat()
const told = (lines: readonly ImportedLine[]) =>
  lines.map((line) => (line.outcome === 'created' ? { ...line, keyId: undefined } : line))
const outcomes = (lines: readonly ImportedLine[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(lines, ({ outcome }) => outcome)).map(([name, of]) => [name, of.length]),
  )
const verify = async (key: string, companyId: string): Promise<string> =>
  (
    await server.call({
      method: 'POST',
      path: '/verify',
      headers: { 'x-company-id': companyId },
      body: { key },
    })
  ).body.code

/** More rows than one step has; a text as it is and by its hash, in different steps; and what cannot be taken. */
function manyRows() {
  const texts = Array.from({ length: 1_100 }, newText)
  const rows: object[] = texts.map((key, index) => ({ key, externalUserId: `customer-${index % 7}` }))
  rows.push({ hash: sha256(texts[0]!), format: 'sha256', externalUserId: 'customer-0' })
  rows.push({ key: 'short', externalUserId: 'customer-1' }, { key: newText() })
  return { texts, rows }
}

describe('an import on the host', () => {
  test('does exactly what its dry run says, and a second one leaves all as it is', async () => {
    const { id: companyId } = await createTestCompany(server)
    const { texts, rows } = manyRows()
    const dry = await all({ companyId, rows }, true)
    expect(outcomes(dry)).toEqual({ created: 1_100, exists: 1, refused: 2 })
    expect(await verify(texts[1_099]!, companyId)).toBe('NOT_FOUND')
    const real = await all({ companyId, rows })
    expect(told(real)).toEqual(told(dry))
    for (const text of [texts[0], texts[1_099]]) expect(await verify(text!, companyId)).toBe('VALID')
    expect(outcomes(await all({ companyId, rows }))).toEqual({ exists: 1_101, refused: 2 })
    expect(outcomes(await all({ companyId, rows }, true))).toEqual({ exists: 1_101, refused: 2 })
  })

  test('that ends between two steps goes on where it was, and ends as one that was not', async () => {
    const { id: companyId } = await createTestCompany(server)
    const { texts, rows } = manyRows()
    for await (const step of steps({ companyId, rows })) {
      expect(step).toHaveLength(500)
      break
    }
    // The second step was begun before the first was told.
    expect(outcomes(await all({ companyId, rows }))).toEqual({ created: 100, exists: 1_001, refused: 2 })
    for (const text of [texts[0], texts[499], texts[500], texts[1_099]]) {
      expect(await verify(text!, companyId)).toBe('VALID')
    }
  })

  test('of which the file breaks in the middle has told all that it did', async () => {
    const { id: companyId } = await createTestCompany(server)
    const rows = Array.from({ length: 1_200 }, () => ({ key: newText(), externalUserId: 'customer' }))
    const told: ImportedLine[] = []
    const broken = async () => {
      for await (const step of steps({ companyId, rows }, false, new Error('the disk of the file is gone')))
        told.push(...step)
    }
    await expect(broken()).rejects.toThrow('the disk of the file is gone')
    expect(outcomes(told)).toEqual({ created: 1_000 })
    expect(outcomes(await all({ companyId, rows }))).toEqual({ created: 200, exists: 1_000 })
  })

  test('beside another of the same texts makes each a key once, in one company or in two', async () => {
    const [one, other] = [await createTestCompany(server), await createTestCompany(server)]
    const rows = Array.from({ length: 600 }, () => ({ key: newText(), externalUserId: 'customer' }))
    const done = await Promise.all([one.id, one.id, other.id].map((companyId) => all({ companyId, rows })))
    const created = done.flat().filter(({ outcome }) => outcome === 'created')
    expect(outcomes(done.flat())).toEqual({ created: 600, exists: 1_200 })
    expect(new Set(created.map(({ line }) => line)).size).toBe(600)
  })

  test('says in a dry run too that there are more formats than eight', async () => {
    const { id: companyId } = await createTestCompany(server)
    const algorithms = ['sha256', 'sha512-256']
    const inputs = ['whole', 'after-last-underscore', 'after-first-pipe']
    const formats = algorithms.flatMap((algorithm) => inputs.map((input) => `${algorithm}:${input}`))
    const hashed = (format: string) => ({ hash: sha256(newText()), format, externalUserId: 'customer' })
    const filler = Array.from({ length: 500 }, () => hashed('sha256'))
    const peppered = ['whole', 'after-last-underscore', 'after-first-pipe'].map((input) => ({
      hash: createHmac('sha256', 'p').update(newText()).digest('hex'),
      format: `hmac-sha256:${input}`,
      externalUserId: 'customer',
    }))
    const rows = [...formats.map(hashed), ...filler, ...peppered]
    const given = { companyId, rows, pepper: 'p' }
    const dry = await all(given, true)
    expect(dry.at(-1)).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('8 formats') })
    expect(told(await all(given))).toEqual(told(dry))
  })

  test.each([
    ['company', { companyId: 'cmp_00000000000000000000000000' }, 'company_not_found'],
    ['company', { companyId: 'nonsense' }, 'company_not_found'],
  ])('into a %s that is not there does nothing', async (_, { companyId }, code) => {
    await expect(all({ companyId, rows: [] })).rejects.toMatchObject({ code })
  })
})
