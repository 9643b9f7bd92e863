/** GET /companies?search=: for the operator, by name, external id and id. */
import { describe, expect, test } from 'vitest'
import { createTestCompany, expectCreated, type Parsed, useTestServer } from '../harness.ts'

const server = useTestServer()

const add = async (fields: object): Promise<string> =>
  (await expectCreated(server, { path: '/companies', body: fields })).id

async function found(search: string): Promise<string[]> {
  const ids: string[] = []
  let path: string | null = `/companies?${new URLSearchParams({ search, limit: '2' })}`
  while (path !== null) {
    const { status, body }: Parsed = await server.call({ path })
    expect(status).toBe(200)
    for (const { id } of body.data) ids.push(id)
    path = body.nextUrl === null ? null : body.nextUrl.replace(/^https?:\/\/[^/]+/, '')
    if (path === null) expect(body.total).toBe(ids.length)
  }
  return ids
}

describe('companies are searched', () => {
  test('by any part of name, external id and id, in every script, newest first', async () => {
    const first = await add({ name: 'MÜNCHNER Werke', externalId: 'org_Found_1' })
    const second = await add({ name: 'Büro 100%', externalId: 'org_Found_2' })
    const third = await add({ name: 'شركة المثال', externalId: 'münch-too' })
    const searches: readonly (readonly [string, readonly string[]])[] = [
      ['münch', [third, first]],
      ['ORG_found', [second, first]],
      ['org%', []],
      ['100%', [second]],
      ['المثال', [third]],
      [first.toUpperCase(), [first]],
      ['nobody is called this', []],
    ]
    for (const [search, ids] of searches) expect(await found(search), search).toEqual(ids)
    // None is left out: what is stopped is looked for, too.
    await server.call({ method: 'PATCH', path: `/companies/${second}`, body: { status: 'inactive' } })
    expect(await found('100%')).toEqual([second])
    const { body } = await server.call({ path: '/companies?search=found&externalId=org_Found_2' })
    expect(body.data.map(({ id }: Parsed) => id)).toEqual([second])
  })

  test('also beyond what is looked at in one go', async () => {
    const needle = await add({ name: 'Needle' })
    for (let made = 0; made < 300; made += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => add({ name: `Hay ${made + index}` })))
    }
    expect(await found('needle')).toEqual([needle])
    const page = await server.call({ path: '/companies?search=hay&limit=100&offset=250' })
    expect([page.body.total, page.body.count]).toEqual([300, 50])
  })

  test('by the operator alone', async () => {
    const { users } = await createTestCompany(server)
    const answer = await server.call({ path: '/companies?search=a', key: users.owner.key })
    expect(answer.status).toBe(403)
  })
})
