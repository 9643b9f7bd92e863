/** “The same by the API”: what is shown for @latchkey/client asks what the page asked. */
import { Latchkey } from '@latchkey/client'
import { expect, test } from 'vitest'
import { clientCallOf } from '../src/ui/client-call.ts'

const ID = 'key_01m85e7dwrfwka4f0gvwh5b2ng'
const COMPANY = 'cmp_01m85e7dwrfwka4f0gvwh5b2ng'
type Asked = readonly [method: string, path: string, input?: Readonly<Record<string, string | number>>]

/** Whatever a page or a dialog asks. */
const ASKED: readonly Asked[] = [
  ['GET', '/keys'],
  ['GET', '/keys', { limit: 50, search: `it's "q"` }],
  ['POST', '/keys', { userId: 'usr_x', description: "Billing's" }],
  ['GET', `/keys/${ID}`],
  ['PATCH', `/keys/${ID}`, { description: 'a "b": c' }],
  ['DELETE', `/keys/${ID}`],
  ['POST', `/keys/${ID}/rotation`, { overlapSeconds: 3_600 }],
  ['PATCH', `/keys/${ID}/rotation`, { previousEndsAt: '2026-11-28T12:00:00.000Z' }],
  ['DELETE', `/keys/${ID}/rotation`],
  ['GET', '/users', { limit: 50 }],
  ['POST', '/users', { name: 'Grace', role: 'admin' }],
  ['PATCH', '/users/usr_x', { role: 'viewer' }],
  ['DELETE', '/users/usr_x'],
  ['POST', '/users/usr_x/invitation'],
  ['GET', '/companies', { limit: 50 }],
  ['POST', '/companies', { name: 'Acme' }],
  ['PATCH', '/companies/cmp_x', { name: 'Acme' }],
  ['GET', '/audit', { limit: 50, action: 'key.created' }],
  ['GET', '/usage', { by: 'day', limit: 100 }],
  ['GET', '/me'],
]

test.each(
  ASKED.flatMap((asked) => [undefined, COMPANY].map((companyId) => [...asked.slice(0, 2), asked, companyId])),
)('%s %s', async (_method, _path, asked, companyId) => {
  const [method, path, input] = asked as Asked
  const given = method === 'GET' ? { query: input } : { body: input }
  const text = clientCallOf({ method, path, ...given, companyId: companyId as string | undefined })
  const [sent] = await runWith(text ?? '')
  expect(sent).toEqual({
    method,
    path,
    company: companyId ?? null,
    input: input === undefined ? undefined : method === 'GET' ? textsOf(input) : input,
  })
})

test.each([undefined, COMPANY])(
  'what is done to several is asked of each, one after the other (%s)',
  async (companyId) => {
    const ids = ['key_1', 'key_2']
    const asked = { method: 'PATCH', path: '/keys/:id', body: { enabled: false } }
    const sent = await runWith(clientCallOf({ ...asked, ids, companyId }) ?? '', 200)
    expect(sent).toEqual(
      ids.map((id) => ({
        method: 'PATCH',
        path: `/keys/${id}`,
        company: companyId ?? null,
        input: { enabled: false },
      })),
    )
  },
)

test('what the client has no method for is not shown', () => {
  expect(clientCallOf({ method: 'GET', path: '/console/sessions', companyId: undefined })).toBe(undefined)
})

const textsOf = (input: object) =>
  Object.fromEntries(Object.entries(input).map(([name, value]) => [name, String(value)]))

/** Runs what is shown, with a client that goes nowhere; answers what it would have sent. */
async function runWith(text: string, status = 418): Promise<unknown[]> {
  const sent: unknown[] = []
  const latchkey = new Latchkey({
    url: 'http://localhost',
    key: 'lk_test_x',
    maxRetries: 0,
    fetch: async (target, init) => {
      const request = new Request(target, init)
      const url = new URL(request.url)
      const body = await request.text()
      const query = Object.fromEntries(url.searchParams)
      const isAsking = request.method === 'GET'
      sent.push({
        method: request.method,
        path: url.pathname,
        company: request.headers.get('x-company-id'),
        input: isAsking
          ? url.search === ''
            ? undefined
            : query
          : body === ''
            ? undefined
            : JSON.parse(body),
      })
      return new Response('{}', { status, headers: { 'content-type': 'application/json' } })
    },
  })
  const [, call = ''] = text.split('const latchkey = new Latchkey()\n')
  const run = new Function('latchkey', `return (async () => { ${call} })()`)
  if (status === 200) await run(latchkey)
  else await expect(run(latchkey)).rejects.toThrow()
  return sent
}
