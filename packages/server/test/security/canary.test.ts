/**
 * A secret is in the answer that gives it away and nowhere else, wherever a caller puts it and whatever breaks.
 * Each kind of secret is sent through every route, in every place that takes text; then everything that was
 * answered, logged, counted, audited and stored is searched for it.
 */
import { randomBytes } from 'node:crypto'
import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTestServer, type TestAnswer, type TestRequest, type TestService } from '../harness.ts'
import { everythingKept, type IssuedSecret, issueSecrets, tracesOf } from '../issued-secrets.ts'
import { createExamples, type Examples } from '../operation-examples.ts'

type Told = { readonly request: string; readonly answer: TestAnswer }

let server: TestService
let examples: Examples
let secrets: readonly IssuedSecret[]
/** While true, the source of chance is broken; the text of its failure names a secret. */
let isChanceBroken = false
const told: Told[] = []

/** The pool of request ids draws this much at once; a request without an id is not what is tested here. */
const REQUEST_ID_POOL_BYTES = 4_096

beforeAll(async () => {
  server = await startTestServer(
    { LATCHKEY_FAILED_AUTH_PER_MINUTE: '1000000', LATCHKEY_LOG_LEVEL: 'trace' },
    {
      randomBytes: (size) => {
        if (!isChanceBroken || size === REQUEST_ID_POOL_BYTES) return randomBytes(size)
        throw new Error(`no chance left for ${secrets[0]!.text}`, { cause: new Error(secrets[1]!.text) })
      },
    },
  )
  examples = await createExamples(server)
  secrets = await issueSecrets(server)
})
afterAll(() => server.dispose())

const table = Object.keys(operations) as OperationId[]
const namesOf = (schema: unknown): string[] =>
  Object.keys((schema as { properties?: object } | undefined)?.properties ?? {})

/**
 * Some questions to a database server take long: there one secret of each form must do. What is told does not depend on
 * the store.
 */
const secretsTold = (): readonly IssuedSecret[] =>
  inject('databaseServer') === undefined ? secrets : secrets.filter(({ name }) => SAMPLE.has(name))
const SAMPLE = new Set(['a key', 'a password', 'a session token'])

async function tell(request: TestRequest): Promise<TestAnswer> {
  const answer = await server.call(request)
  told.push({ request: `${request.method ?? 'GET'} ${request.path}`, answer })
  return answer
}

/**
 * What a caller may call as it likes and gets back as it is, an entry of an allowlist that is none among it: a secret pasted there is the caller's own text,
 * stored because that was asked for.
 */
const FREE_TEXT = new Set([
  'name',
  'description',
  'metadata',
  'externalId',
  'email',
  'whitelistedIPs',
  'nonce',
])
const HEADERS = [
  'x-api-key',
  'x-company-id',
  'x-gateway-token',
  'idempotency-key',
  'if-match',
  'accept',
  'accept-language',
  'content-type',
  'cookie',
  'origin',
  'referer',
  'user-agent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
  'traceparent',
  'x-http-method-override',
]

/** The same request once for each place that takes text, with the text in that place. */
function variantsOf(operation: Operation, valid: TestRequest, { text, name }: IssuedSecret): TestRequest[] {
  const [path = ''] = valid.path.split('?')
  const { body, headers } = valid
  const encoded = encodeURIComponent(text)
  const inQuery = ['key', 'api_key', 'access_token', ...namesOf(operation.query)].map((parameter) => ({
    ...valid,
    path: `${path}?${parameter}=${encoded}`,
  }))
  const inPath = operation.path.includes('{')
    ? [{ ...valid, path: operation.path.replaceAll(/\{\w+\}/g, encoded) }]
    : []
  const inHeader = [...HEADERS, 'authorization'].map((header) => ({
    ...valid,
    headers: { ...headers, [header]: header === 'authorization' ? `Basic ${btoa(`${text}:${text}`)}` : text },
  }))
  const variants = [...inPath, { ...valid, path: `${path}/${encoded}` }, ...inQuery, ...inHeader]
  // The name of a field or parameter is repeated, so that a typo can be found; keys are taken out even there.
  if (name.endsWith('key')) variants.push({ ...valid, path: `${path}?${encoded}=1` })
  return operation.body === undefined ? variants : [...variants, ...bodiesWith(text, name, valid, body)]
}

function bodiesWith(text: string, name: string, valid: TestRequest, body: unknown): TestRequest[] {
  const known = Object.entries((body ?? {}) as Record<string, unknown>)
  const { body: _body, ...bare } = valid
  const asText = [`{"${text}`, `"${text}"`, text, `{"a":"${text}","a":"${text}"}`, `\ufeff"${text}"`]
  const shapes: object[] = [[text], { ...Object.fromEntries(known), qqqq: text, qqqqq: { deep: [text] } }]
  for (const [field] of known) {
    shapes.push({ ...Object.fromEntries(known), [field]: { deep: [text] } })
    shapes.push({ ...Object.fromEntries(known), [field]: [text, { deep: text }] })
    if (!FREE_TEXT.has(field)) shapes.push({ ...Object.fromEntries(known), [field]: text })
  }
  if (name.endsWith('key')) shapes.push({ ...Object.fromEntries(known), [text]: 1 })
  return [
    ...asText.map((sent) => ({ ...bare, text: sent })),
    ...shapes.map((sent) => ({ ...valid, body: sent })),
  ]
}

/** The operation's own example, carried by the credential itself where it is one. */
function carriedBy({ scheme, text }: IssuedSecret, request: TestRequest): TestRequest {
  if (scheme === undefined || request.key === null) return request
  return scheme === 'api-key'
    ? { ...request, key: text }
    : { ...request, key: null, headers: { ...request.headers, authorization: `Bearer ${text}` } }
}

/** Fails with where the trace is, not with the megabytes it was looked for in. */
function expectNoTrace(places: Readonly<Record<string, Buffer>>): void {
  const found: string[] = []
  const everything = Buffer.concat(Object.values(places))
  for (const secret of secrets) {
    for (const [form, trace] of Object.entries(tracesOf(secret))) {
      if (!everything.includes(trace)) continue
      const where = Object.keys(places).filter((place) => places[place]!.includes(trace))
      found.push(`${secret.name}, ${form}: ${where.join(', ')}`)
    }
  }
  expect(found).toEqual([])
}

function expectNothingTold({ mayFail }: { readonly mayFail: boolean }): void {
  const failed = told.filter(({ answer }) => answer.status >= 500).map(({ request }) => request)
  if (!mayFail) expect(failed).toEqual([])
  const places: Record<string, Buffer> = {}
  for (const [index, { request, answer }] of told.entries()) {
    const label = `${index} ${request.slice(0, 60)} → ${answer.status}`
    places[label] = Buffer.from(`${JSON.stringify(answer.headers)}\n${answer.text}`)
  }
  told.length = 0
  expectNoTrace(places)
}

test('the search would find a secret: each is found where it is allowed to be', async () => {
  const idempotencyKey = { 'idempotency-key': 'canary-word' }
  const body = { userId: server.admin.userId }
  const replay = await server.call({ method: 'POST', path: '/keys', body, headers: idempotencyKey })
  expect(replay.headers['idempotent-replayed']).toBe('true')
  expect(replay.text).toContain(tracesOf(secrets[2]!).plain)
  expect(Object.keys(await everythingKept(server))).toEqual(
    expect.arrayContaining(['log', 'metrics', 'audit export', 'table keys', 'table idempotency']),
  )
  expect((await everythingKept(server))['table keys']!.includes(server.admin.userId)).toBe(true)
})

test('no secret is kept while all of them are still good', async () => {
  expectNoTrace(await everythingKept(server))
})

describe('no secret is told', () => {
  test.each(table)('by %s, wherever the secret is put', async (id) => {
    const operation: Operation = operations[id]
    for (const secret of secretsTold()) {
      const { key, ...example } = await examples[id]()
      const valid = { method: operation.method, ...(key === undefined ? {} : { key }), ...example }
      for (const variant of variantsOf(operation, valid, secret)) await tell(carriedBy(secret, variant))
      await tell(carriedBy(secret, valid))
    }
    expectNothingTold({ mayFail: false })
  })

  test('by the token endpoint, in any parameter, form or credential', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const { text } of secrets) {
      const encoded = encodeURIComponent(text)
      const bodies = ['grant_type', 'client_id', 'client_secret', 'scope', 'redirect_uri'].map(
        (name) =>
          `${name === 'grant_type' ? '' : 'grant_type=client_credentials&'}${name}=${encoded}&client_id=a`,
      )
      for (const body of [...bodies, text, `{"client_secret":"${text}"}`]) {
        await tell({ method: 'POST', path: '/oauth/token', key: null, headers: form, text: body })
        const authorization = `Basic ${btoa(`${encoded}:${encoded}`)}`
        await tell({
          method: 'POST',
          path: `/oauth/token?client_secret=${encoded}`,
          key: null,
          headers: { ...form, authorization },
          text: body,
        })
      }
      await tell({ method: 'POST', path: '/oauth/token', key: null, headers: { 'content-type': text }, text })
    }
    expectNothingTold({ mayFail: false })
  })

  test.each(['/gateway/check', '/gateway/envoy', '/gateway/envoy/a/b', '/gateway/nginx'])(
    'by %s, as the client’s credential, the gateway’s, or anything else',
    async (path) => {
      for (const secret of secrets) {
        const { text } = secret
        const encoded = encodeURIComponent(text)
        for (const query of [
          `gatewayToken=${encoded}`,
          `permission=${encoded}`,
          `${encoded}=${encoded}`,
          '',
        ]) {
          const headers = { cookie: text, 'x-forwarded-for': text, 'x-original-uri': `/?key=${encoded}` }
          const request = { path: `${path}?${query}`, headers }
          await tell(carriedBy(secret, request))
          await tell(carriedBy(secret, { ...request, headers: { ...headers, 'x-gateway-token': text } }))
          await tell(
            carriedBy(secret, { ...request, headers: { ...headers, 'x-gateway-token': server.adminKey } }),
          )
          await tell({ ...request, key: null, headers: { ...headers, authorization: text } })
        }
      }
      expectNothingTold({ mayFail: false })
    },
  )

  test('by paths and methods that do not exist', async () => {
    for (const { text } of secrets) {
      const encoded = encodeURIComponent(text)
      for (const path of [`/${encoded}`, `/errors/${encoded}`, `/docs/${encoded}`, `/console/${encoded}`]) {
        await tell({ path, key: null })
        await tell({ path: `${path}?key=${encoded}`, key: null, method: 'PUT' })
      }
      await tell({ path: `/%${encoded}`, key: null })
    }
    expectNothingTold({ mayFail: false })
  })
})

describe('nothing is told or kept when something breaks', () => {
  /** Every operation, carried by every secret that opens one, with the secret in the body and the query. */
  async function throughEverything(): Promise<Set<number>> {
    const statuses = new Set<number>()
    for (const id of table) {
      const example = { method: operations[id].method, ...(await prepared.get(id)!) }
      // Side by side: without chance a server cannot say that it is there, and each revocation waits for its lease.
      const answers = secrets.map((secret) => {
        const carried = carriedBy(secret, example)
        const headers = { ...carried.headers, 'idempotency-key': secret.text.slice(0, 200) }
        return tell({ ...carried, headers })
      })
      for (const { status } of await Promise.all(answers)) statuses.add(status)
    }
    for (const { text } of secrets) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const form = `grant_type=client_credentials&client_id=a&client_secret=${encodeURIComponent(text)}`
      const path = '/oauth/token'
      statuses.add((await tell({ method: 'POST', path, key: null, headers, text: form })).status)
      statuses.add((await tell({ path: `/gateway/check?gatewayToken=${encodeURIComponent(text)}` })).status)
    }
    return statuses
  }

  const prepared = new Map<OperationId, Omit<TestRequest, 'method'>>()

  test('prepares a valid request of each operation while all is well', async () => {
    for (const id of table) {
      const { key, ...example } = await examples[id]()
      prepared.set(id, { ...example, ...(key === undefined ? {} : { key }) })
    }
    // Ended by its own example: what breaks is wanted, not a session that is over.
    prepared.set('endSession', { ...prepared.get('renewSession')! })
  })

  test('chance fails, naming a secret in its own message: 500', async () => {
    isChanceBroken = true
    const statuses = await throughEverything()
    isChanceBroken = false
    expect(statuses).toContain(500)
    expect(server.logged.join('\n')).toContain('no chance left for [secret]')
    // The reason is for the operator; the caller gets a request id.
    expect(told.filter(({ answer }) => answer.text.includes('chance'))).toEqual([])
    expectNothingTold({ mayFail: true })
    expectNoTrace(await everythingKept(server))
  })

  test.each(['audit_events', 'key_usage', 'idempotency', 'passwords', 'invitations', 'sessions', 'keys'])(
    'the table %s is gone: 500 or 503',
    async (name) => {
      const rename = (from: string, to: string) =>
        server.services.engine.write((db) =>
          sql`ALTER TABLE ${sql.table(from)} RENAME TO ${sql.table(to)}`.execute(db),
        )
      await rename(name, 'gone')
      const statuses = await throughEverything()
      await rename('gone', name)
      expect([500, 503].some((status) => statuses.has(status))).toBe(true)
      expectNothingTold({ mayFail: true })
      expectNoTrace(await everythingKept(server))
    },
  )
})

test('no secret is in the log, the metrics, the audit trail, or any table or file of the store', async () => {
  expectNoTrace(await everythingKept(server))
})

test('a store that is closed tells nothing: 503', async () => {
  const other = await startTestServer()
  await other.services.engine.close()
  for (const request of [{ path: '/me' }, { path: '/keys' }, { path: '/readyz', key: null }]) {
    const answer = await other.call(request)
    expect({ ...request, status: answer.status }).toEqual({ ...request, status: 503 })
    expect(answer.text).not.toContain(other.adminKey.slice(12, -4))
  }
  expect(other.logged.join('\n')).not.toContain(other.adminKey.slice(12, -4))
  await other.dispose().catch(() => {})
})
