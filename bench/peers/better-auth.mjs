/**
 * better-auth with its api-key plugin, as its documentation sets it up, behind as little HTTP as there can be: its
 * verification has no endpoint of its own. Told what to do by its arguments, as JSON.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import pg from 'pg'

const { file, url, isBest, keys, inUse, task } = JSON.parse(process.argv[2])
const sqlite = file === undefined ? undefined : new DatabaseSync(file)
// Its write-ahead log, which its documentation leaves to whoever sets it up. Node's SQLite then syncs each commit
// (synchronous=FULL), as ours does.
sqlite?.exec('PRAGMA journal_mode = WAL')
const pool = url === undefined ? undefined : new pg.Pool({ connectionString: url, max: 10 })

/**
 * The quickest that its documentation has: keys in a storage beside the database, which is a map in this process, and
 * what a verification writes goes there after the answer. The database then hears of nothing.
 */
const memory = new Map()
const best = {
  storage: 'secondary-storage',
  deferUpdates: true,
  customStorage: {
    get: (name) => memory.get(name) ?? null,
    set: (name, value) => void memory.set(name, value),
    delete: (name) => void memory.delete(name),
  },
}
const optionsWith = (setting) => ({
  baseURL: 'http://127.0.0.1',
  secret: 'a secret of the bench that is long enough',
  database: sqlite ?? pool,
  logger: { disabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  emailAndPassword: { enabled: true },
  advanced: { backgroundTasks: { handler: (promise) => void promise } },
  // Ten requests a day for each key is its default, which no figure could be taken with.
  plugins: [apiKey({ rateLimit: { enabled: false }, ...setting })],
})
const options = optionsWith(isBest ? best : {})
const auth = betterAuth(options)

// Keys come into the storage by being asked for once.
if (isBest) {
  const filling = betterAuth(optionsWith({ ...best, fallbackToDatabase: true }))
  for (let index = 0; index < inUse; index++) await verify(textOf(index), filling)
}

if (task === 'fill') await fill()
else if (task === 'loop') await loop()
else serve()

/** Tables, a user, and so many keys: written by SQL, for the plugin would take minutes. */
async function fill() {
  const { runMigrations } = await getMigrations(options)
  await runMigrations()
  const user = await auth.api.signUpEmail({
    body: { email: 'bench@example.com', password: 'a password of the bench', name: 'Bench' },
  })
  const userId = user.user.id
  const first = await auth.api.createApiKey({ body: { userId, permissions: { app: ['read'] } } })
  const columns = sqlite
    ? sqlite.prepare('SELECT * FROM apikey').all()[0]
    : (await pool.query('SELECT * FROM apikey')).rows[0]
  const names = Object.keys(columns)
  const insert = sqlite?.prepare(
    `INSERT INTO apikey (${names.map((name) => `"${name}"`)}) VALUES (${names.map(() => '?')})`,
  )
  sqlite?.exec('BEGIN')
  let rows = []
  for (let index = 0; index < keys; index++) {
    const row = { ...columns, id: `key${index}`, key: hashOf(textOf(index)) }
    if (insert) insert.run(...names.map((name) => row[name]))
    else rows.push(row)
    if (rows.length === 1_000 || (rows.length > 0 && index === keys - 1)) {
      const given = rows.map(
        (_, at) => `(${names.map((_name, column) => `$${at * names.length + column + 1}`)})`,
      )
      await pool.query(
        `INSERT INTO apikey (${names.map((name) => `"${name}"`)}) VALUES ${given}`,
        rows.flatMap((one) => names.map((name) => one[name])),
      )
      rows = []
    }
  }
  sqlite?.exec('COMMIT')
  await pool?.query('ANALYZE')
  await pool?.end()
  console.log(JSON.stringify({ userId, key: first.key }))
}

function textOf(index) {
  return createHash('sha512').update(`bench ${index}`).digest('hex').slice(0, 64)
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('base64url')
}

async function verify(key, by = auth) {
  const { valid, error } = await by.api.verifyApiKey({ body: { key, permissions: { app: ['read'] } } })
  if (!valid) throw new Error(`a valid key was refused: ${JSON.stringify(error)}`)
}

/** Verifications in this process for each second of its own time. */
async function loop() {
  const { ms } = JSON.parse(process.argv[3])
  const texts = Array.from({ length: inUse }, (_, index) => textOf(index))
  for (const text of texts) await verify(text)
  console.log('ready')
  for await (const line of process.stdin.setEncoding('utf8')) {
    if (line.trim() === 'end') break
    const before = process.cpuUsage()
    const endsAtMs = performance.now() + ms
    let made = 0
    while (performance.now() < endsAtMs) await verify(texts[made++ % texts.length])
    const { user, system } = process.cpuUsage(before)
    console.log(`rate ${made / ((user + system) / 1e6)}`)
  }
  process.exit(0)
}

function serve() {
  const { userId } = JSON.parse(process.argv[3])
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => answer(request.url, JSON.parse(Buffer.concat(chunks).toString()), response))
  })
  async function answer(path, body, response) {
    const isVerification = path === '/verify'
    const answered = isVerification
      ? await auth.api.verifyApiKey({ body })
      : await auth.api.createApiKey({ body: { userId, permissions: { app: ['read'] } } })
    const text = JSON.stringify(answered)
    const isRefused = isVerification && !answered.valid
    response.writeHead(isRefused ? 403 : isVerification ? 200 : 201, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  }
  server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
}
