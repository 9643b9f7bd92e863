/** DATABASE_URL, and TLS to a PostgreSQL server that speaks nothing else. */
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgres } from '../../src/storage/postgres.ts'
import { parsePostgresUrl, placeOf } from '../../src/storage/postgres-url.ts'
import { type Cluster, createCluster, NOBODY } from '../postgres-cluster.ts'
import { createSelfSigned } from '../tokens/self-signed.ts'

test.each([
  [
    'postgres://ada:s%40fe@db.internal:6432/keys',
    { host: 'db.internal', port: 6432, database: 'keys', user: 'ada', password: 's@fe' },
  ],
  ['postgresql://localhost/keys', { host: 'localhost', port: 5432, database: 'keys', ssl: false }],
  ['postgres://[::1]/keys', { host: '::1', ssl: false }],
  ['postgres:///keys?host=/run/postgresql', { host: '/run/postgresql', ssl: false }],
  ['postgres://db.internal/keys', { ssl: { rejectUnauthorized: true } }],
  ['postgres://db.internal/keys?sslmode=require', { ssl: { rejectUnauthorized: false } }],
  ['postgres://db.internal/keys?sslmode=disable', { ssl: false }],
  ['postgres://localhost/keys?sslmode=verify-full', { ssl: { rejectUnauthorized: true } }],
])('%s', (url, expected) => {
  expect(parsePostgresUrl(url)).toMatchObject(expected)
})

test.each([
  ['mysql://localhost/keys', /must be a URL such as postgres:/],
  ['postgres://', /must be a URL|names no database/],
  ['postgres://ada:sesame@localhost', /names no database/],
  ['postgres://ada:sesame@localhost/keys?ssl=true', /unknown parameter ssl/],
  ['postgres://ada:sesame@localhost/keys?sslmode=prefer', /sslmode=prefer: use disable/],
  [
    'postgres://ada:sesame@localhost/keys?sslmode=verify-full&sslrootcert=/no/such.pem',
    /such\.pem .*cannot be read/,
  ],
])('%s is refused without repeating the password', (url, message) => {
  expect(() => parsePostgresUrl(url)).toThrow(message)
  expect(() => parsePostgresUrl(url)).not.toThrow(/sesame/)
})

test('what is shown of it holds neither user nor password', () => {
  expect(placeOf(parsePostgresUrl('postgres://ada:sesame@db:1/keys'))).toBe('PostgreSQL, db:1/keys')
})

describe('TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-tls-'))
  const file = (name: string) => join(directory, name)
  let cluster: Cluster

  beforeAll(async () => {
    const { cert, key } = createSelfSigned()
    writeFileSync(file('server.crt'), cert)
    writeFileSync(file('other.crt'), createSelfSigned().cert)
    writeFileSync(file('server.key'), key, { mode: 0o600 })
    if (process.getuid?.() === 0) {
      for (const name of ['.', 'server.key']) chownSync(file(name), NOBODY, NOBODY)
    }
    cluster = await createCluster([
      'ssl=on',
      `ssl_cert_file=${file('server.crt')}`,
      `ssl_key_file=${file('server.key')}`,
    ])
  })
  afterAll(async () => {
    await cluster.dispose()
    rmSync(directory, { recursive: true, force: true })
  })

  const open = (parameters: string, host = 'localhost') => {
    const url = `postgres://postgres@${host}:${cluster.port}/postgres?${parameters}`
    const hooks = { expect: () => () => true, onCommit: () => {}, onError: () => {} }
    return openPostgres({ url, connectionsMax: 2, ...hooks })
  }

  test.each([
    ['verify-full with the right CA', () => `sslmode=verify-full&sslrootcert=${file('server.crt')}`],
    ['require', () => 'sslmode=require'],
  ])('%s: every connection is encrypted', async (_name, parameters) => {
    const engine = await open(parameters())
    const client = new pg.Client({ connectionString: cluster.url })
    await client.connect()
    try {
      await engine.inspect(async (db) => db.selectFrom('head').select('revision').execute())
      const { rows } = await client.query(
        `SELECT count(*)::int AS all, count(*) FILTER (WHERE ssl)::int AS encrypted FROM pg_stat_ssl
         JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'latchkey %'`,
      )
      expect(rows[0].all).toBeGreaterThan(0)
      expect(rows[0].encrypted).toBe(rows[0].all)
    } finally {
      await client.end()
      await engine.close()
    }
  })

  test.each([
    ['a certificate that nobody vouches for', 'localhost', () => 'sslmode=verify-full'],
    [
      'the certificate of another CA',
      'localhost',
      () => `sslmode=verify-full&sslrootcert=${file('other.crt')}`,
    ],
    [
      'a certificate for another name',
      '127.0.0.1',
      () => `sslmode=verify-full&sslrootcert=${file('server.crt')}`,
    ],
  ])('verify-full refuses %s', async (_name, host, parameters) => {
    await expect(open(parameters(), host)).rejects.toThrow(/cannot be used/)
  })
})
