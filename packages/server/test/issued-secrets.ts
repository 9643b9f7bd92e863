import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { exportAuditEvents } from '../src/host/audit-on-host.ts'
import { expectCreated, type Parsed, type TestService } from './harness.ts'

/** Something that was given to a caller once and may be found nowhere else. */
export type IssuedSecret = {
  readonly name: string
  readonly text: string
  /** As a key in X-API-KEY, or as a token in Authorization; undefined: it opens no operation. */
  readonly scheme?: 'api-key' | 'bearer'
}

const EMAIL = 'grace@example.com'
const PASSWORD = 'a password of 38 signs that nobody has'

/** One of each kind of secret that the service gives away or takes. */
export async function issueSecrets(server: TestService): Promise<readonly IssuedSecret[]> {
  const { userId } = server.admin
  const [live, test] = [await newKey(server), await newKey(server, { mode: 'test' })]
  const user = await expectCreated(server, {
    path: '/users',
    body: { name: 'Grace', role: 'owner', email: EMAIL },
  })
  const invite = async () => (await expectCreated(server, { path: `/users/${user.id}/invitation` })).token
  const used: string = await invite()
  await answerOf(server, '/auth/password', { token: used, password: PASSWORD })
  const waiting: string = await invite()
  const session = await answerOf(server, '/auth/token', { username: EMAIL, password: PASSWORD })
  const shortLived = await answerOf(server, '/auth/token/short-lived', { permissions: ['*'] }, live.key)
  const access = await server.call({
    method: 'POST',
    path: '/oauth/token',
    key: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    text: `grant_type=client_credentials&client_id=${live.id}&client_secret=${live.key}`,
  })
  const replayed = await expectCreated(server, {
    path: '/keys',
    body: { userId },
    headers: { 'idempotency-key': 'canary-word' },
  })
  return [
    { name: 'a key', text: live.key, scheme: 'api-key' },
    { name: 'a test key', text: test.key, scheme: 'bearer' },
    { name: 'a key kept for replay', text: replayed.key, scheme: 'api-key' },
    { name: 'the admin key', text: server.adminKey, scheme: 'api-key' },
    { name: 'a password', text: PASSWORD },
    { name: 'a used invitation', text: used },
    { name: 'a waiting invitation', text: waiting },
    { name: 'a session token', text: session.token, scheme: 'bearer' },
    { name: 'a short-lived token', text: shortLived.token, scheme: 'bearer' },
    { name: 'an access token', text: access.body.access_token, scheme: 'bearer' },
  ]
}

const newKey = (server: TestService, fields: object = {}): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, ...fields } })

async function answerOf(server: TestService, path: string, body: object, key: string | null = null) {
  const answer = await server.call({ method: 'POST', path, key, body })
  if (answer.status !== 200) throw new Error(`expected 200 from ${path}: ${answer.status} ${answer.text}`)
  return answer.body
}

/** The secret part of a secret, as it stands and as it could be written down; what `hint` shows is left out. */
export function tracesOf({ text }: IssuedSecret): Readonly<Record<string, string | Buffer>> {
  const core = text.startsWith('lk_') ? text.slice(12, -4) : text.slice(-38)
  const digest = (algorithm: string) => createHash(algorithm).update(text).digest()
  return {
    plain: core,
    half: core.slice(0, core.length / 2),
    base64: Buffer.from(text).toString('base64').slice(16, -4),
    hex: Buffer.from(core).toString('hex'),
    'percent-encoded': encodeURIComponent(core),
    // Of a password these could be guessed offline, of a key they would let a reader of the file test guesses.
    sha256: digest('sha256'),
    'sha256 in hex': digest('sha256').toString('hex'),
    'sha256 in base64': digest('sha256').toString('base64').slice(0, 40),
    sha1: digest('sha1'),
    'sha1 in hex': digest('sha1').toString('hex'),
    sha512: digest('sha512'),
    md5: digest('md5'),
  }
}

/** Everything the service keeps or tells by itself, by where it is. */
export async function everythingKept(server: TestService): Promise<Record<string, Buffer>> {
  await server.services.usage.flush()
  const kept: Record<string, Buffer> = {
    log: Buffer.from(server.logged.join('\n')),
    metrics: Buffer.from((await server.call({ path: '/metrics', key: null })).text),
    'audit export': Buffer.from(await auditExport(server)),
  }
  for (const [table, rows] of Object.entries(await rowsByTable(server))) kept[`table ${table}`] = rows
  for (const name of readdirSync(server.dataDir)) {
    kept[`file ${name}`] = readFileSync(join(server.dataDir, name))
  }
  return kept
}

async function auditExport({ services, admin }: TestService): Promise<string> {
  const lines: string[] = []
  for await (const line of exportAuditEvents(services, admin.companyId)) lines.push(line)
  return lines.join('\n')
}

/** Every value of every row, whatever the store writes its files like. */
async function rowsByTable({ services }: TestService): Promise<Record<string, Buffer>> {
  return services.engine.read(async (db) => {
    const tables: Record<string, Buffer> = {}
    for (const { name } of await db.introspection.getTables()) {
      const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(name)}`.execute(db)
      const values = rows.flatMap((row) => Object.values(row))
      tables[name] = Buffer.concat(
        values.map((value) => Buffer.from(value instanceof Uint8Array ? value : `${String(value)}\n`)),
      )
    }
    return tables
  })
}
