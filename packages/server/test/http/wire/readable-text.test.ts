/** What people read as a name is one line that reads as what it is; facts for programs may have several lines. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { createTestCompany, type TestCompany, useTestServer } from '../../harness.ts'

const server = useTestServer()
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const userId = () => server.admin.userId
/** Where a name comes in, each with a body that has it. */
const PLACES: readonly (readonly [
  string,
  'POST' | 'PATCH',
  () => string,
  (text: string) => object,
  string,
])[] = [
  ['the name of a new company', 'POST', () => '/companies', (name) => ({ name }), '/name'],
  ['of a company', 'PATCH', () => `/companies/${company.id}`, (name) => ({ name }), '/name'],
  ['the name of a new user', 'POST', () => '/users', (name) => ({ name, role: 'viewer' }), '/name'],
  ['of a user', 'PATCH', () => `/users/${userId()}`, (name) => ({ name }), '/name'],
  [
    'the description of a new key',
    'POST',
    () => '/keys',
    (description) => ({ userId: userId(), description }),
    '/description',
  ],
  [
    'of a key',
    'PATCH',
    () => `/keys/${server.admin.keyId}`,
    (description) => ({ description }),
    '/description',
  ],
  [
    'an external id',
    'POST',
    () => '/users',
    (externalId) => ({ name: 'Ada', role: 'viewer', externalId }),
    '/externalId',
  ],
]

const REFUSED = [
  ['\u0001', 'U+0001, a control character'],
  ['\t', 'U+0009, a control character'],
  ['\n', 'U+000A, a control character'],
  ['\u001b[31m', 'U+001B, a control character'],
  ['\u007f', 'U+007F, a control character'],
  ['\u0085', 'U+0085, a control character'],
  ['\u009b31m', 'U+009B, a control character'],
  ['\u2028', 'U+2028, which breaks the line'],
  ['\u2029', 'U+2029, which breaks the line'],
  ['\u202e', 'U+202E, which turns the direction'],
  ['\u202a', 'U+202A, which turns the direction'],
  ['\u2066', 'U+2066, which turns the direction'],
  ['\u2069', 'U+2069, which turns the direction'],
  ['\u200f', 'U+200F, which turns the direction'],
  ['\u061c', 'U+061C, which turns the direction'],
] as const

describe.each(PLACES)('%s', (_, method, path, body, pointer) => {
  test.each(REFUSED)('with %j is refused, and the character is named', async (text, words) => {
    const answer = await server.call({ method, path: path(), body: body(`a${text}b`) })
    const { errors } = expectProblem(answer, { code: 'invalid_field', pointer })
    expect(errors[0].detail).toContain(`holds ${words}`)
  })

  test('is of any script', async () => {
    for (const text of ['Grüße 🔑', 'שלום', 'سلام‌ها', '日本語', '👨‍👩‍👧', 'a\u00a0b', '\ufeffx']) {
      const { status } = await server.call({ method, path: path(), body: body(text) })
      expect({ text, isDone: status < 300 }).toEqual({ text, isDone: true })
    }
  })
})

describe('metadata', () => {
  const make = (metadata: object) =>
    server.call({ method: 'POST', path: '/keys', body: { userId: userId(), metadata } })

  test('has values of several lines, of any direction', async () => {
    const metadata = { note: 'a\tb\nc\u202ed\u2028e' }
    expect((await make(metadata)).body.metadata).toEqual(metadata)
  })

  test.each(['\u0001', '\r', '\u000b', '\u001b', '\u007f', '\u0085', '\u009b'])(
    'has no other control character in a value: %j',
    async (sign) => {
      const answer = await make({ note: `a${sign}b` })
      const { errors } = expectProblem(answer, { code: 'invalid_field', pointer: '/metadata/note' })
      expect(errors[0].detail).toMatch(/^holds U\+00/)
    },
  )

  test.each(['\n', '\u001b', '\u202e', '\u2028'])('has none at all in a name: %j', async (sign) => {
    const { errors } = expectProblem(await make({ [`a${sign}b`]: 'v' }), 'invalid_field')
    expect(errors[0]).toMatchObject({ pointer: '/metadata' })
    expect(errors[0].detail).toMatch(/^the name .* holds U\+/s)
  })
})
