/**
 * Makes the tables of better-auth's API keys with the real packages, and asks them which texts work:
 * `make-tables.mjs OLD.db NEW.db postgres://OLD postgres://NEW`. Prints lines of JSON: what they say of each text, and of PostgreSQL the
 * rows as they were before they were asked, since a key that is expired or spent is deleted when it is presented.
 */
import { DatabaseSync } from 'node:sqlite'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { betterAuth as betterAuthOf14 } from 'better-auth-1-4'
import { getMigrations as getMigrationsOf14 } from 'better-auth-1-4/db'
import { apiKey as apiKeyOf14 } from 'better-auth-1-4/plugins'
import pg from 'pg'

const now = { betterAuth, apiKey, getMigrations }
const of14 = { betterAuth: betterAuthOf14, apiKey: apiKeyOf14, getMigrations: getMigrationsOf14 }
const [, , oldFile, newFile, oldUrl, newUrl] = process.argv

await makeSqlite('old', oldFile, of14)
await makeSqlite('new', newFile, now)
await makePostgres('old on PostgreSQL', oldUrl, of14)
await makePostgres('new on PostgreSQL', newUrl, now)

async function makeSqlite(table, file, version) {
  const database = new DatabaseSync(':memory:')
  const { api, keys } = await make(database, version)
  database.exec(`UPDATE apikey SET expiresAt = '2026-01-31T00:00:00.000Z' WHERE name = 'expired'`)
  database.exec(`VACUUM INTO '${file}'`)
  await ask(table, api, keys)
  database.close()
}

async function makePostgres(table, connectionString, version) {
  const pool = new pg.Pool({ connectionString })
  const { api, keys } = await make(pool, version)
  await pool.query(`UPDATE apikey SET "expiresAt" = '2026-01-31T00:00:00.000Z' WHERE name = 'expired'`)
  const { rows } = await pool.query('SELECT row_to_json(k) AS row FROM apikey k')
  for (const { row } of rows) print({ table, row })
  await ask(table, api, keys)
  await pool.end()
}

async function make(database, { betterAuth, apiKey, getMigrations }) {
  const settings = {
    database,
    secret: 'a-secret-of-thirty-two-characters-or-more',
    baseURL: 'http://localhost:3000',
    emailAndPassword: { enabled: true },
    plugins: [apiKey({ enableMetadata: true, defaultPrefix: 'acme_' })],
    telemetry: { enabled: false },
    logger: { disabled: true },
  }
  await (await getMigrations(settings)).runMigrations()
  const { api } = betterAuth(settings)
  const person = { email: 'a@example.com', password: 'a-long-password', name: 'A' }
  const { user } = await api.signUpEmail({ body: person })
  const create = (name, more = {}) => api.createApiKey({ body: { userId: user.id, name, ...more } })
  const keys = [
    await create('plain'),
    await create('full', {
      prefix: 'full_',
      expiresIn: 86_400 * 30,
      permissions: { orders: ['read', 'write'] },
      metadata: { plan: 'gold' },
      remaining: 100,
    }),
    await create('disabled'),
    await create('expired', { expiresIn: 86_400 * 30 }),
    await create('spent', { remaining: 1 }),
    { name: 'unknown', key: `acme_${'x'.repeat(64)}`, userId: user.id },
  ]
  await api.updateApiKey({ body: { userId: user.id, keyId: keys[2].id, enabled: false } })
  await api.verifyApiKey({ body: { key: keys[4].key } })
  return { api, keys }
}

async function ask(table, api, keys) {
  for (const { name, key, userId, referenceId, expiresAt } of keys) {
    const { valid } = await api.verifyApiKey({ body: { key } })
    print({
      table,
      name,
      text: key,
      works: valid,
      owner: referenceId ?? userId,
      expiresAt: expiresAt ?? null,
    })
  }
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
