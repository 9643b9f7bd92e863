/**
 * Every operation of the table keeps every promise that all of them make. A new operation needs an example
 * here to compile, and then has its tests.
 */
import { randomBytes } from 'node:crypto'
import { openApiDocument } from '@latchkey/contract/openapi'
import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { generateSecret } from '@latchkey/core/secret'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectEveryAnswer, expectProblem, expectSchema } from '../answer-checks.ts'
import { type TestAnswer, type TestRequest, useTestServer } from '../harness.ts'
import { createExamples, EVERY_PERMISSION, type Example, type Examples } from '../operation-examples.ts'
import { accessToken, bearer, givePassword, sessionToken, shortLivedToken } from '../tokens/issued-token.ts'

const table = Object.entries(operations) as unknown as (readonly [OperationId, Operation])[]
const unknownSecret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal()

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' })
let examples: Examples
let adminEmail: string

beforeAll(async () => {
  examples = await createExamples(server)
  adminEmail = await givePassword(server, server.admin.userId)
})

/** What of an example a test changes. `credential` takes the place of the example's own. */
type Changes = Partial<Example> & {
  readonly method?: NonNullable<TestRequest['method']>
  readonly credential?: Readonly<Record<string, string>>
}

/** Sends an operation's example, with changes; checks what holds for every answer. */
async function send(id: OperationId, { credential, headers, ...changes }: Changes = {}): Promise<TestAnswer> {
  const { method } = operations[id]
  const { headers: ownHeaders, ...example } = await examples[id]()
  const { authorization, ...others } = ownHeaders ?? {}
  const own = authorization === undefined ? {} : { authorization }
  const answer = await server.call({
    method,
    ...example,
    ...changes,
    ...(credential === undefined ? {} : { key: null }),
    headers: { ...others, ...(credential ?? own), ...headers },
  })
  expectEveryAnswer(answer)
  // What every path answers to another method is in no operation.
  if (changes.method === undefined) expectHeadersDocumented(id, answer)
  return answer
}

const { paths, components } = openApiDocument()
const EVERYWHERE =
  /^(?:date|connection|keep-alive|content-(?:type|length)|cache-control|vary|x-content-type-options)$/

function expectHeadersDocumented(id: OperationId, { status, headers }: TestAnswer): void {
  const { path, method } = operations[id]
  const response = paths[path]?.[method.toLowerCase()]?.responses[status]
  const known =
    response !== undefined && '$ref' in response
      ? components.responses[response.$ref.split('/').at(-1)!]
      : response
  const named = Object.keys(known?.headers ?? {}).map((name) => name.toLowerCase())
  const left = Object.keys(headers).filter((name) => !EVERYWHERE.test(name) && !named.includes(name))
  expect({ id, status, isKnown: known !== undefined, left }).toEqual({ id, status, isKnown: true, left: [] })
}

/** Every way to present a credential, of the admin's key or user, or narrowed to all permissions but one. */
const schemes: Readonly<Record<string, (without?: string) => Promise<Readonly<Record<string, string>>>>> = {
  'a key in X-API-KEY (apiKeyHeader)': async (without) => ({ 'x-api-key': await keyFor(without) }),
  'a key as bearer': async (without) => bearer(await keyFor(without)),
  'an access token (oauth2)': async (without) => {
    const key = await keyFor(without)
    const { body } = await server.call({ path: '/me', key })
    return bearer(await accessToken(server, { id: body.credential.id, key }))
  },
  'an access token of narrower scope (oauth2)': async (without) => {
    const client = { id: server.admin.keyId, key: server.adminKey }
    return bearer(await accessToken(server, client, { scope: everyPermissionBut(without).join(' ') }))
  },
  'a session (bearerAuth)': async (without) => {
    const token = await sessionToken(server, adminEmail)
    return bearer(
      without === undefined ? token : await shortLivedToken(server, token, everyPermissionBut(without)),
    )
  },
  'a short-lived token (bearerAuth)': async (without) =>
    bearer(await shortLivedToken(server, server.adminKey, everyPermissionBut(without))),
}
const keyFor = async (without: string | undefined) =>
  without === undefined ? server.adminKey : examples.keyWithout(without)
const everyPermissionBut = (without: string | undefined) =>
  without === undefined ? ['*'] : EVERY_PERMISSION.filter((name) => name !== without)

const propertiesOf = (schema: unknown): string[] =>
  Object.keys((schema as { properties?: object } | undefined)?.properties ?? {})
const methodsOf = (path: string): string[] => {
  const methods = table.filter(([, row]) => row.path === path).map(([, { method }]) => String(method))
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort()
}
const misspelt = (name: string) => `${name}x`

describe.each(table)('%s', (id, operation) => {
  const { authentication, body, method, path, permission, query, success } = operation

  test('answers a valid request with the status of the table and exactly the documented body', async () => {
    const answer = await send(id)
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: success.status })
    if (success.schema === undefined) expect(answer.text).toBe('')
    else {
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
      expectSchema(success.schema, answer.body)
      expect(Object.keys(answer.body)).toEqual(
        propertiesOf(success.schema).filter((name) => name in answer.body),
      )
    }
  })

  test('is the same resource with a trailing slash', async () => {
    const { path: own } = await examples[id]()
    const answer = await send(id, { path: `${own}/` })
    expect(answer.status).toBe(success.status)
    if (success.schema !== undefined) expectSchema(success.schema, answer.body)
  })

  test('OPTIONS lists the methods of its path, without a credential', async () => {
    const answer = await send(id, { credential: {}, method: 'OPTIONS', body: undefined })
    expect(answer).toMatchObject({ status: 204, text: '', headers: { allow: methodsOf(path).join(', ') } })
  })

  test('every other method is a 405 that lists the right ones', async () => {
    for (const wrong of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      if (methodsOf(path).includes(wrong)) continue
      const answer = await send(id, { method: wrong, body: undefined })
      expectProblem(answer, 'method_not_allowed')
      expect(answer.headers.allow).toBe(methodsOf(path).join(', '))
    }
  })

  test('an Accept that excludes JSON is a 406, but for probes', async () => {
    for (const accept of ['text/html', 'application/xml, text/plain;q=0.5', 'application/json;q=0']) {
      const answer = await send(id, { headers: { accept } })
      if (operation.isProbe) expect(answer.status).toBe(success.status)
      else expectProblem(answer, 'not_acceptable')
    }
  })

  test.each(['application/json', 'application/*', '*/*', 'text/html, */*;q=0.1'])(
    'answers Accept: %s',
    async (accept) => {
      expect((await send(id, { headers: { accept } })).status).toBe(success.status)
    },
  )

  test('an unknown query parameter is refused, with a suggestion when one is near; but for probes', async () => {
    const { path: own } = await examples[id]()
    if (operation.isProbe) {
      expect((await send(id, { path: `${own}?qqqqqqqqqqqqqqqq=1` })).status).toBe(success.status)
      return
    }
    const far = await send(id, { path: `${own}?qqqqqqqqqqqqqqqq=1` })
    const problem = expectProblem(far, { code: 'unknown_parameter', parameter: 'qqqqqqqqqqqqqqqq' })
    expect(problem.errors[0]).not.toHaveProperty('suggestion')
    for (const name of propertiesOf(query)) {
      const near = await send(id, { path: `${own}?${misspelt(name)}=1` })
      expectProblem(near, { code: 'unknown_parameter', parameter: misspelt(name), suggestion: name })
      expect(near.body.detail).toContain(`Did you mean ${name}?`)
    }
  })

  if (query !== undefined)
    test('a repeated query parameter is refused', async () => {
      const { path: own } = await examples[id]()
      for (const name of propertiesOf(query)) {
        const answer = await send(id, { path: `${own}?${name}=1&${name}=1` })
        expect(answer.body.errors).toContainEqual(
          expect.objectContaining({ parameter: name, code: 'duplicate_parameter' }),
        )
        expect(answer.status).toBe(400)
      }
    })

  if (method === 'GET')
    test('HEAD answers as GET does, without a body', async () => {
      const get = await send(id)
      const head = await send(id, { method: 'HEAD' })
      expect(head).toMatchObject({ status: get.status, text: '' })
      expect(head.headers['content-type']).toBe(get.headers['content-type'])
      expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    })

  if (authentication === 'required')
    describe('credential', () => {
      test('none: 401 missing_credentials with a challenge', async () => {
        const answer = await send(id, { credential: {} })
        expectProblem(answer, 'missing_credentials')
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="latchkey"')
      })

      test.each([
        ['a key that nobody was given', { 'x-api-key': unknownSecret }],
        ['no key at all', { 'x-api-key': 'sesame' }],
        ['an unknown bearer token', { authorization: 'Bearer sesame' }],
        ['another scheme', { authorization: 'Basic c2VzYW1lOnNlc2FtZQ==' }],
      ])('unknown (%s): 401 invalid_credentials', async (_, credential) => {
        const answer = await send(id, { credential })
        expectProblem(answer, 'invalid_credentials')
        expect(answer.headers['www-authenticate']).toMatch(
          /^Bearer realm="latchkey", error="invalid_token", /,
        )
      })

      if (operation.needsSession !== true)
        test.each(Object.entries(schemes))('%s: answers a valid request', async (_, credentialOf) => {
          const answer = await send(id, { credential: await credentialOf() })
          expect({ status: answer.status, text: answer.text }).toMatchObject({ status: success.status })
          if (success.schema !== undefined) expectSchema(success.schema, answer.body)
        })

      if (permission === null) return
      test.each(Object.entries(schemes))('%s without the permission: 403', async (_, credentialOf) => {
        const answer = await send(id, { credential: await credentialOf(permission) })
        expect(expectProblem(answer, 'missing_permission').detail).toContain(permission)
      })

      test('without the permission: 403 naming it, before the body is looked at', async () => {
        const credential = { 'x-api-key': await examples.keyWithout(permission) }
        const { path: own } = await examples[id]()
        const attempts: Changes[] = [{}, { path: `${own}?qqqqqqqq=1` }]
        if (body !== undefined) {
          attempts.push({ text: '{"malformed' }, { text: 'x', headers: { 'content-type': 'text/plain' } })
        }
        for (const attempt of attempts) {
          const answer = await send(id, { ...attempt, credential })
          expect(expectProblem(answer, 'missing_permission').detail).toContain(permission)
        }
      })
    })

  if (body !== undefined)
    describe('body', () => {
      test('an unknown field is refused, with a suggestion when one is near', async () => {
        const { body: valid } = await examples[id]()
        const far = await send(id, { body: { ...valid, qqqqqqqqqqqqqqqq: 1 } })
        expect(
          expectProblem(far, { code: 'unknown_field', pointer: '/qqqqqqqqqqqqqqqq' }).errors[0],
        ).not.toHaveProperty('suggestion')
        for (const name of propertiesOf(body)) {
          const near = await send(id, { body: { ...valid, [misspelt(name)]: 1 } })
          expectProblem(near, { code: 'unknown_field', pointer: `/${misspelt(name)}`, suggestion: name })
        }
      })

      test('a field that only the service sets is refused', async () => {
        const { body: valid } = await examples[id]()
        for (const name of propertiesOf(success.schema)) {
          if (propertiesOf(body).includes(name)) continue
          const answer = await send(id, { body: { ...valid, [name]: 'x' } })
          expectProblem(answer, { code: 'read_only_field', pointer: `/${name}` })
        }
      })

      test.each([
        'application/x-www-form-urlencoded',
        'text/plain',
        'application/json; charset=latin1',
        'application/jsonp',
      ])('declared as %s: 415 that shows the curl flag', async (type) => {
        const answer = await send(id, { headers: { 'content-type': type } })
        expect(expectProblem(answer, 'unsupported_media_type').detail).toContain(
          "-H 'Content-Type: application/json'",
        )
      })

      test.each(['application/json', 'Application/JSON; charset=UTF-8'])(
        'declared as %s: accepted',
        async (type) => {
          expect((await send(id, { headers: { 'content-type': type } })).status).toBe(success.status)
        },
      )

      test.each(['', '[]', 'null', '"text"', '1', '{'])('%j is refused', async (text) => {
        const answer = await send(id, {
          text,
          body: undefined,
          headers: { 'content-type': 'application/json' },
        })
        expectProblem(answer, text === '' || text === '{' ? 'malformed_json' : 'invalid_body')
      })

      test('every missing field is named', async () => {
        const required = (body as { required?: readonly string[] }).required ?? []
        const answer = await send(id, { body: {} })
        // A rotation takes nothing that must be said.
        if (id === 'rotateApiKey') expect(answer.status).toBe(201)
        else if (required.length === 0) expectProblem(answer, 'invalid_body')
        else {
          const problem = expectProblem(answer, 'missing_field')
          expect(problem.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(
            required.map((name) => `/${name}`),
          )
        }
      })
    })

  if (operation.isIdempotent)
    test('says where the new object is', async () => {
      const created = await send(id)
      const { location } = created.headers
      expect(location).toBe(`/${path.split('/')[1]}/${created.body.id}`)
      expect((await server.call({ path: String(location) })).body.id).toBe(created.body.id)
    })

  if (operation.hasEtag && success.schema !== undefined)
    test('carries an entity tag', async () => {
      expect((await send(id)).headers.etag).toMatch(/^"\d+"$/)
    })

  if (operation.needsSession)
    test('is not for keys, nor for what is made from keys or sessions', async () => {
      const made = await shortLivedToken(server, await sessionToken(server, adminEmail), ['*'])
      const others = Object.entries(schemes).filter(([name]) => !name.startsWith('a session'))
      for (const credential of [bearer(made), ...(await Promise.all(others.map(([, make]) => make())))]) {
        expectProblem(await send(id, { credential }), 'missing_permission')
      }
    })
})

test('no two answers have the same request id, and a caller cannot choose one', async () => {
  const headers = { 'x-request-id': 'req_mine' }
  const answers = await Promise.all(Array.from({ length: 50 }, () => send('getMe', { headers })))
  expect(new Set(answers.map((answer) => answer.headers['x-request-id'])).size).toBe(50)
})
