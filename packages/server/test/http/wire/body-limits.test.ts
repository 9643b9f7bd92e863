/**
 * Whatever the schema of an operation allows fits into a body, and one byte more than the operation takes is refused
 * in a sentence that says how much it takes.
 */
import { createHash } from 'node:crypto'
import { openApiDocument } from '@latchkey/contract/openapi'
import { type OperationId, operations } from '@latchkey/contract/operations'
import { BODY_BYTES_MAX, bodyBytesMaxOf, type Operation } from '@latchkey/contract/operations/operation'
import { AppError } from '@latchkey/core/error'
import { inject } from 'light-my-request'
import { beforeAll, describe, expect, test } from 'vitest'
import { createBodyRoom } from '../../../src/http/admission/body-room.ts'
import { createHoldings, type Holdings } from '../../../src/http/admission/holdings.ts'
import { readBytes } from '../../../src/http/wire/body.ts'
import { expectProblem } from '../../answer-checks.ts'
import { expectCreated, type TestAnswer, useTestServer } from '../../harness.ts'
import { largestBody } from '../../largest-body.ts'
import { createExamples, type Examples } from '../../operation-examples.ts'

/** What the seed of the contract leaves open: as long as the documentation says, and entries longer than any is. */
const SAID_IN_WORDS = {
  '/userId': { maxLength: 200 },
  '/whitelistedIPs': { maxItems: 1_000, maxLength: 65_000 },
  '/whitelistedIPs/0': { maxLength: 64 },
}

/** Its rows share what there is: a thousand of the usual length, or fewer that are longer. */
const SHARED_BY_ROWS: readonly string[] = ['importApiKeys']

const table = (Object.entries(operations) as [OperationId, Operation][]).flatMap(([id, operation]) =>
  operation.body === undefined ? [] : [{ id, operation, schema: operation.body }],
)

const server = useTestServer()
let examples: Examples

beforeAll(async () => {
  examples = await createExamples(server)
})

async function send(id: OperationId, text: string): Promise<TestAnswer> {
  const { path, key, headers } = await examples[id]()
  const { method } = operations[id]
  return server.call({
    method,
    path,
    text,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
  })
}

/** The same to every reader, and as long as is asked for. */
const padded = (text: string, bytes: number) =>
  `${text.slice(0, -1)}${' '.repeat(bytes - Buffer.byteLength(text))}}`

describe.each(table.filter(({ id }) => !SHARED_BY_ROWS.includes(id)))('$id', ({ id, operation, schema }) => {
  test('the largest body that its schema allows is not too large', async () => {
    const text = largestBody(schema, SAID_IN_WORDS)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bodyBytesMaxOf(operation))
    expect((await send(id, text)).status).not.toBe(413)
  })
})

describe.each(table)('$id', ({ id, operation }) => {
  const bytesMax = bodyBytesMaxOf(operation)

  test('to the byte what it takes is taken', async () => {
    const { body } = await examples[id]()
    const answer = await send(id, padded(JSON.stringify(body), bytesMax))
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: operation.success.status })
  })

  test('one byte more is 413 and names the limit', async () => {
    const { body } = await examples[id]()
    const problem = expectProblem(
      await send(id, padded(JSON.stringify(body), bytesMax + 1)),
      'payload_too_large',
    )
    expect(problem.detail).toContain(`${(bytesMax / 1024).toLocaleString('en')} KiB`)
  })

  test('the document says it', () => {
    const { paths } = openApiDocument()
    const documented = paths[operation.path]?.[operation.method.toLowerCase()]
    expect(documented?.['x-body-bytes-max']).toBe(bytesMax)
    expect(documented?.requestBody?.description).toContain(`${(bytesMax / 1024).toLocaleString('en')} KiB`)
  })
})

const ENTRIES = Array.from({ length: 1_000 }, (_, n) => {
  const words = Array.from({ length: 6 }, (_, place) =>
    ((n * 7 + place) % 65_536).toString(16).padStart(4, '0'),
  )
  return `2001:0db8:${words.join(':')}/128`
})
const PERMISSIONS = Array.from({ length: 100 }, (_, n) => `${'a'.repeat(64)}:${String(n).padStart(64, 'b')}`)
const METADATA = Object.fromEntries(
  Array.from({ length: 25 }, (_, n) => [String(n).padStart(100, 'n'), '😀'.repeat(500)]),
)

describe('what is long and right is done', () => {
  test('a key with the most entries, permissions and metadata is made and changed', async () => {
    const fields = { whitelistedIPs: ENTRIES, permissions: PERMISSIONS, metadata: METADATA }
    const made = await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, ...fields },
    })
    expect(made.whitelistedIPs).toHaveLength(1_000)
    expect(made.metadata).toEqual(METADATA)
    const path = `/keys/${made.id}`
    const changed = await server.call({ method: 'PATCH', path, body: { ...fields, enabled: false } })
    expect(changed).toMatchObject({ status: 200, body: { permissions: PERMISSIONS } })
  })

  test('a thousand rows of four kilobytes each are imported', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`fact${n}`, 'long '.repeat(90)]))
    const text = (n: number) => createHash('sha256').update(`row ${n}`).digest('base64url').slice(0, 40)
    const row = (n: number) => ({
      key: text(n),
      description: 'd'.repeat(150),
      metadata,
      permissions: ['a:b'],
    })
    const body = { user: server.admin.userId, keys: Array.from({ length: 1_000 }, (_, n) => row(n)) }
    expect(JSON.stringify(body).length).toBeGreaterThan(3_900_000)
    const answer = await server.call({ method: 'POST', path: '/keys/import', body })
    expect(answer.body, answer.text.slice(0, 300)).toMatchObject({ created: 1_000, refused: 0 })
  })

  test('a batch of 100 keys with 20 permissions each is judged', async () => {
    const element = { key: server.adminKey, ip: '192.0.2.1', permissions: PERMISSIONS.slice(0, 20) }
    const body = { keys: Array.from({ length: 100 }, () => element) }
    const answer = await server.call({ method: 'POST', path: '/verify/batch', body })
    expect(answer.status).toBe(200)
    expect(answer.body.results).toHaveLength(100)
  })
})

describe('what has too many values is refused before anything is made of it', () => {
  test.each([
    ['arrays', (count: number) => `[${Array(count).fill('[]').join()}]`],
    ['objects', (count: number) => `[${Array(count).fill('{}').join()}]`],
    ['texts', (count: number) => `[${Array(count).fill('"\\n"').join()}]`],
    ['numbers, and broken at the end', (count: number) => `[${Array(count).fill('1').join()}`],
  ])('%s', async (_, values) => {
    const { detail } = expectProblem(
      await send('verifyApiKeys', `{"keys":${values(100_000)}}`),
      'invalid_body',
    )
    expect(detail).toContain('44,000 values')
  })

  test('commas and brackets in a text are no values', async () => {
    const description = `${',[{'.repeat(60)}\\"`
    const body = {
      userId: server.admin.userId,
      description,
      metadata: { a: ',[{"'.repeat(120), b: '\\'.repeat(499) },
    }
    const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`n${n}`, body.metadata.a]))
    const made = await expectCreated(server, { path: '/keys', body: { ...body, metadata } })
    expect(made).toMatchObject({ description, metadata })
  })
})

describe('bodies under way', () => {
  const bytesMax = bodyBytesMaxOf(operations.verifyApiKeys)
  const beyond = bytesMax - BODY_BYTES_MAX

  /** Reads a body of so many bytes, and answers what was held of it meanwhile, or the code of the refusal. */
  async function heldOf(bytes: number, holdings: Holdings, owner = 'a'): Promise<number | string> {
    let held = 0
    const room = createBodyRoom(
      {
        hold(name, count) {
          held += count
          return holdings.hold(name, count)
        },
        release: holdings.release,
      },
      owner,
      bytesMax,
    )
    const { payload } = await inject(
      (request, response) => {
        readBytes(request, room).then(
          () => response.end(String(held)),
          (error) => response.end(error instanceof AppError ? error.code : String(error)),
        )
      },
      { method: 'POST', url: '/', payload: Buffer.alloc(bytes) },
    )
    return /^\d+$/.test(payload) ? Number(payload) : payload
  }

  test.each([
    [0, 0],
    [BODY_BYTES_MAX, 0],
    [BODY_BYTES_MAX + 1, 1],
    [bytesMax, beyond],
  ])('of %i bytes %i are counted', async (bytes, counted) => {
    expect(await heldOf(bytes, createHoldings({ eachMax: bytesMax, allMax: bytesMax }))).toBe(counted)
  })

  test('hold no more than their company may, and leave the others their room', async () => {
    const holdings = createHoldings({ eachMax: 2 * beyond, allMax: 10 * beyond })
    expect(await heldOf(bytesMax, holdings)).toBe(beyond)
    expect(await heldOf(bytesMax, holdings)).toBe(beyond)
    expect(await heldOf(bytesMax, holdings)).toBe('unavailable')
    expect(await heldOf(BODY_BYTES_MAX, holdings)).toBe(0)
    expect(await heldOf(bytesMax, holdings, 'b')).toBe(beyond)
  })

  test('leave their room when they are answered, whatever the answer is', async () => {
    const text = padded(JSON.stringify({ keys: [{ key: server.adminKey }] }), bytesMax)
    // Together more than one company may hold.
    for (let count = 0; count < 35; count++) {
      expect((await send('verifyApiKeys', text)).status).toBe(200)
      expectProblem(await send('verifyApiKeys', `${text.slice(0, -1)}!`), 'malformed_json')
    }
  })
})
