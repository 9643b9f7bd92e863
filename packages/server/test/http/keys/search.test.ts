/** One answer for one text, whatever store is under the service: each is held against the same model. */
import { foldText } from '@latchkey/core/fold-text'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'
import { insertStoredKeys } from '../../stored-keys.ts'

const server = useTestServer()
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const newKey = (description: string): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: company.users.admin.key,
    body: { userId: company.users.admin.id, description },
  })

async function found(search: string, key = company.users.viewer.key): Promise<string[]> {
  const answer = await server.call({ path: `/keys?${new URLSearchParams({ limit: '100', search })}`, key })
  expect([answer.status, answer.body.count]).toEqual([200, answer.body.total])
  return answer.body.data.map(({ id }: Parsed) => id)
}

describe('letters are found whatever their case, in every script', () => {
  test.each([
    ['Büro MÜNCHEN', 'münchen'],
    ['Büro München', 'MÜNCHEN'],
    ['Bu\u0308ro in Ko\u0308ln', 'BÜRO IN KÖLN'],
    ['Büro in Bonn', 'bu\u0308ro in bonn'],
    ['Hauptstraße 7', 'HAUPTSTRASSE'],
    ['HAUPTSTRASSE 8', 'hauptstraße'],
    ['GROẞE GASSE', 'große gasse'],
    ['İZMİR', 'izmir'],
    ['DIYARBAKIR', 'dıyarbakır'],
    ['ΟΔΟΣ ΑΘΗΝΑΣ', 'οδος αθηνας'],
    ['Привет', 'ПРИВЕТ'],
    ['ÉCOLE', 'école'],
    ['ＦＵＬＬ', 'full'],
    ['office', 'oﬃce'],
    ['鍵の管理', '管理'],
    ['🔑 Ключ', '🔑 ключ'],
    ['Ångström', '\u212Bngström'],
    ['kelvin', '\u212Aelvin'],
    ['naïve 100%', 'NAÏVE 100%'],
    ['Zürich_Nord', 'zürich_nord'],
    ['ö\\ä', 'Ö\\Ä'],
  ])('%s by %s', async (description, search) => {
    const { id } = await newKey(description)
    expect(await found(search)).toContain(id)
  })

  test.each([
    ['München', 'munchen'],
    ['Zürich', 'z_rich'],
    ['Zürich', 'z%h'],
    ['cafe\u0301', 'cafe'],
    ['Köln', 'Koln'],
  ])('%s is not found by %s: another letter is another letter', async (description, search) => {
    const { id } = await newKey(description)
    expect(await found(search)).not.toContain(id)
    expect(await found(description)).toContain(id)
  })

  test('a key without a word that fits is found by its id and its last four, whatever its description', async () => {
    const { id, key } = await newKey('Ärger')
    for (const search of [id, id.toUpperCase(), key.slice(-4)]) expect(await found(search)).toContain(id)
  })
})

const LETTERS = [
  ..."aAzZiIıİsSßẞſσςΣüÜ_%\\' 0Kké",
  'u\u0308',
  'e\u0301',
  '\u212A',
  'ﬁ',
  'fi',
  '１',
  '🔑',
  '鍵',
  '\u0307',
]

test('any text finds what the model finds, and nothing else', async () => {
  const texts = fc.sample(fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 12 }), {
    numRuns: 700,
    seed: 90,
  })
  const apart = await createTestCompany(server)
  const descriptions = texts.slice(0, 600)
  const ids = await insertStoredKeys(server.services, {
    companyId: apart.id,
    userId: apart.users.developer.id,
    // No last four that one of the letters could be a part of.
    keys: descriptions.map((description) => ({ description, last_four: '----' })),
  })
  const searches = texts.slice(600).map((text) => text.slice(0, 3))
  for (const search of searches.filter((text) => /\S/.test(text) && text.isWellFormed())) {
    const folded = foldText(search)
    const expected = ids.filter(
      (id, index) => foldText(descriptions[index]!).includes(folded) || id.includes(folded),
    )
    const got = new Set<string>()
    let path: string | null =
      `/keys?${new URLSearchParams({ limit: '100', search, userId: apart.users.developer.id })}`
    while (path !== null) {
      const { body } = await server.call({ path, key: apart.users.viewer.key })
      for (const { id } of body.data) got.add(id)
      path = body.nextUrl === null ? null : body.nextUrl.replace(/^https?:\/\/[^/]+/, '')
    }
    got.delete(apart.users.developer.keyId)
    expect([...got].sort(), JSON.stringify(search)).toEqual([...expected].sort())
  }
})
