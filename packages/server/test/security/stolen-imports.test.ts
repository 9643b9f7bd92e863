/**
 * Whoever steals the store has no digest of a text that was imported, by whatever algorithm and in whatever encoding, and
 * so nothing that can be tried out offline against the keys that are in use.
 */
import { createHash, createHmac, getHashes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { importOnHost } from '../../src/host/import-on-host.ts'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'
import { readAll } from '../import/reading.ts'

const PEPPER = 'a pepper nobody may find'
const SALT = 'a salt nobody may find'

let company: TestCompany
let count = 0
/** With the marks that formats go by, and a part after each. */
const newText = (): string =>
  `9|shop_${createHash('sha512').update(`stolen ${++count}`).digest('hex').slice(0, 32)}`

const hashed = (algorithm: string, text: string | Buffer) => createHash(algorithm).update(text).digest()
const hmac = (text: string) => createHmac('sha256', PEPPER).update(text).digest()

/** How texts come in: each is a row, and what is said beside it. */
const WAYS: readonly (readonly [string, (text: string) => object, object?])[] = [
  ['as it is', (key) => ({ key })],
  ['by sha256', (text) => ({ hash: hashed('sha256', text).toString('hex'), format: 'sha256' })],
  ['by sha512', (text) => ({ hash: hashed('sha512', text).toString('base64'), format: 'sha512' })],
  ['by sha512-256', (text) => ({ hash: hashed('sha512-256', text).toString('hex'), format: 'sha512-256' })],
  [
    'by a part after the underscore',
    (text) => ({
      hash: hashed('sha256', text.slice(text.lastIndexOf('_') + 1)).toString('hex'),
      format: 'sha256:after-last-underscore',
    }),
  ],
  [
    'by a part after the pipe',
    (text) => ({ hash: hashed('sha256', text.slice(2)).toString('hex'), format: 'sha256:after-first-pipe' }),
  ],
  [
    'with a salt',
    (text) => ({ hash: hashed('sha256', text + SALT).toString('base64url'), format: 'sha256:suffix-salt' }),
    { salt: SALT },
  ],
  [
    'with a pepper',
    (text) => ({ hash: hmac(text).toString('hex'), format: 'hmac-sha256' }),
    { pepper: PEPPER },
  ],
]
const texts: string[] = []

const server = useTestServer()
beforeAll(async () => {
  company = await createTestCompany(server)
  for (const [name, rowOf, beside = {}] of WAYS) await importOver(name, rowOf, beside)
  await importOnTheHost()
})

/** One that is in use, one that was replaced, one that was deleted, one that is refused, and the same again. */
async function importOver(name: string, rowOf: (text: string) => object, beside: object): Promise<void> {
  const [used, replaced, deleted, refused] = [newText(), newText(), newText(), newText()]
  texts.push(used, replaced, deleted, refused)
  const rows = [used, replaced, deleted].map(rowOf)
  const body = {
    user: company.users.developer.id,
    source: 'old-system',
    keys: [...rows, { ...rowOf(refused), permissions: ['keys:verify'] }],
    ...beside,
  }
  const headers = { 'x-company-id': company.id, 'idempotency-key': `import ${name}` }
  const request = { method: 'POST', path: '/keys/import', body, headers } as const
  const answer = await server.call(request)
  expect(answer.body, answer.text).toMatchObject({ created: 3, refused: 1 })
  expect((await server.call(request)).status).toBe(200)
  const key = company.users.admin.key
  const [, first, second] = answer.body.rows
  await expectCreated(server, { path: `/keys/${first.keyId}/rotation`, key, body: {} })
  await server.call({ method: 'DELETE', path: `/keys/${second.keyId}`, key })
  for (const text of [used, replaced, deleted, refused])
    await server.call({ method: 'POST', path: '/verify', key, body: { key: text } })
}

async function importOnTheHost(): Promise<void> {
  const text = newText()
  texts.push(text)
  const row = { key: text, externalUserId: 'customer' }
  async function* lines() {
    yield* await readAll('ndjson', JSON.stringify(row))
  }
  const said = { companyId: company.id, source: 'ndjson', extras: {}, userId: undefined } as const
  const steps = importOnHost(server.services, lines(), { ...said, createsUsers: true, isDryRun: false })
  expect((await Array.fromAsync(steps)).flat().map(({ outcome }) => outcome)).toEqual(['created'])
}

/** All that OpenSSL has, but those whose output has any length. */
const ALGORITHMS = getHashes().filter((name) => !/^(?:RSA-|shake|ssl3)|with/i.test(name))

/** The parts of a text that systems hash. */
const partsOf = (text: string): string[] => [
  text,
  text.slice(text.lastIndexOf('_') + 1),
  text.slice(text.indexOf('|') + 1),
  text.toLowerCase(),
  text + SALT,
  SALT + text,
]

const digestsOf = (text: string): Buffer[] => [
  ...partsOf(text).flatMap((part) => ALGORITHMS.map((name) => hashed(name, part))),
  ...partsOf(text).flatMap((part) =>
    ['sha256', 'sha512', 'sha1', 'md5'].map((name) => createHmac(name, PEPPER).update(part).digest()),
  ),
  hashed('sha256', hashed('sha256', text)),
  hashed('sha256', hashed('sha256', text).toString('hex')),
]

/** Eight bytes are enough to try texts with. */
const LEAST_BYTES = 8

/** How the beginning of a digest looks in a file, and behind up to two other bytes that were encoded with it. */
function encodingsOf(digest: Buffer): string[] {
  const start = digest.subarray(0, LEAST_BYTES)
  const hex = start.toString('hex')
  const behind = (bytes: number) =>
    Buffer.concat([Buffer.alloc(bytes), digest.subarray(0, 12)])
      .toString('base64')
      .slice([0, 2, 3][bytes], 15)
  const base64 = [0, 1, 2].map(behind)
  return [
    start.toString('latin1'),
    Buffer.from(start).reverse().toString('latin1'),
    Buffer.from(start.toString('latin1')).toString('latin1'),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    [...start].join(','),
  ]
}

/** Every file, or every row of every table, as it is and as the server would write it out. */
async function everythingStored(): Promise<string> {
  const stored = (await server.stored()).toString('latin1')
  if (server.databaseUrl === undefined) {
    expect(readdirSync(server.dataDir).some((name) => name.endsWith('-wal'))).toBe(true)
    return stored
  }
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  try {
    const tables = await client.query(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    const pieces = [stored]
    for (const { name } of tables.rows) {
      const { rows } = await client.query(`SELECT t::text AS text FROM ${name} t`)
      pieces.push(name, ...rows.map(({ text }) => String(text)))
    }
    return pieces.join('\n')
  } finally {
    await client.end()
  }
}

/**
 * Which of many texts are in a long one. Each has eight characters or more: those that begin as no place does are left out
 * by one look at a table of bits, or the search would take minutes.
 */
function createSearch(content: string): (wanted: Iterable<string>) => string[] {
  const table = new Uint8Array(TABLE_BITS / 8)
  for (let at = 0; at + LEAST_BYTES <= content.length; at++) {
    const bit = bitOf(content, at)
    table[bit >>> 3]! |= 1 << (bit & 7)
  }
  const mayHold = (text: string) => (table[bitOf(text, 0) >>> 3]! >> (bitOf(text, 0) & 7)) & 1
  return (wanted) => [...new Set(wanted)].filter((text) => mayHold(text) && content.includes(text))
}

const TABLE_BITS = 2 ** 27

function bitOf(text: string, at: number): number {
  let mixed = 0
  for (let place = at; place < at + LEAST_BYTES; place++)
    mixed = Math.imul(mixed ^ text.charCodeAt(place), 0x9e3779b1)
  return mixed >>> 5
}

describe('a store that was stolen', () => {
  test('holds no text that was imported, and no digest of one', async () => {
    const content = await everythingStored()
    expect(content).toContain('old-system')
    expect(content).toContain('after-last-underscore')
    const find = createSearch(content)
    for (const text of texts) {
      const secret = text.slice(-32)
      const shown = [text, secret, secret.slice(4, -4), Buffer.from(secret).toString('base64').slice(8, 32)]
      expect(find([...shown, ...digestsOf(text).flatMap(encodingsOf)])).toEqual([])
    }
  })

  test('holds neither pepper nor salt in the clear', async () => {
    const find = createSearch(await everythingStored())
    expect(find([PEPPER, SALT].flatMap((text) => [text, ...encodingsOf(Buffer.from(text))]))).toEqual([])
  })

  test('is searched so that a digest would be found, wherever and however it stood', async () => {
    const text = newText()
    const planted = hashed('sha256', text)
    const forms = {
      hex: planted.toString('hex'),
      upper: planted.toString('hex').toUpperCase(),
      base64: planted.toString('base64'),
      base64url: planted.toString('base64url'),
      behind: Buffer.concat([Buffer.from('x'), planted]).toString('base64'),
      numbers: [...planted].join(','),
    }
    for (const [name, description] of Object.entries(forms)) {
      await expectCreated(server, {
        path: '/keys',
        key: company.users.admin.key,
        body: {
          userId: company.users.developer.id,
          description: description.slice(0, 200),
          metadata: { name },
        },
      })
    }
    const hits = createSearch(await everythingStored())(encodingsOf(planted))
    for (const [name, form] of Object.entries(forms)) {
      expect([name, hits.some((hit) => form.includes(hit))]).toEqual([name, true])
    }
    const { id } = await expectCreated(server, {
      path: '/keys',
      key: company.users.admin.key,
      body: { userId: company.users.developer.id },
    })
    const literal =
      server.databaseUrl === undefined
        ? `x'${planted.toString('hex')}'`
        : `'\\x${planted.toString('hex')}'::bytea`
    await server.tamper(`UPDATE keys SET previous_tag = ${literal} WHERE id = ?`, id)
    const raw = createSearch(await everythingStored())(encodingsOf(planted))
    expect(raw).toContain(planted.subarray(0, LEAST_BYTES).toString('latin1'))
  })
})
