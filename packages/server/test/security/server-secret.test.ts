/** How the server secret is given, whichever store is under the service. */
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { bootstrap } from '../../src/bootstrap.ts'
import { readConfig } from '../../src/config.ts'
import { isBootstrapped } from '../../src/host/store-on-host.ts'
import { deriveKeys } from '../../src/server-secret.ts'
import { createServices, type Services } from '../../src/services.ts'
import { createDatabase } from '../postgres-cluster.ts'

const SECRET = randomBytes(32).toString('hex')

let directory: string
let database: Awaited<ReturnType<typeof createDatabase>> | undefined
let settings: Record<string, string>

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-secret-'))
  const databaseServer = inject('databaseServer')
  database =
    databaseServer === undefined
      ? undefined
      : await createDatabase(databaseServer, inject('databaseTemplate'))
  settings = {
    LATCHKEY_DATA_DIR: join(directory, 'data'),
    ...(database === undefined ? {} : { DATABASE_URL: database.url }),
  }
})

afterEach(async () => {
  await database?.drop()
  rmSync(directory, { recursive: true, force: true })
})

/** Opens the store with these settings; `logged` gets the lines of the log. */
async function open(given: Record<string, string>, logged: string[] = []): Promise<Services> {
  const { config, secretSource } = readConfig({ ...settings, ...given })
  return createServices(config, secretSource, { logSink: (line) => logged.push(line) })
}

async function make(given: Record<string, string>): Promise<void> {
  const services = await open(given)
  await bootstrap(services, async () => {})
  await services.dispose()
}

/** As a release made it that took LATCHKEY_SECRET as it came, and looked at nothing but its length. */
async function makeAsBefore(secret: string): Promise<void> {
  const services = await open(inVariable(SECRET))
  await bootstrap(services, async () => {})
  const noted = createHmac('sha256', deriveKeys(secret).check).update('server secret').digest()
  await services.engine.write((db) => db.updateTable('deployment').set({ secret_check: noted }).execute())
  await services.dispose()
}

function inFile(text: string): Record<string, string> {
  const file = join(directory, 'secret')
  writeFileSync(file, text, { mode: 0o600 })
  return { LATCHKEY_SECRET_FILE: file }
}

async function expectOpens(given: Record<string, string>, logged: string[] = []): Promise<void> {
  const services = await open(given, logged)
  expect(await isBootstrapped(services)).toBe(true)
  await services.dispose()
}

const inVariable = (text: string) => ({ LATCHKEY_SECRET: text })

describe('quotes around the server secret', () => {
  it.each([
    ['double', `"${SECRET}"`],
    ['single', `'${SECRET}'`],
  ])('make no new store: %s ones', async (_kind, quoted) => {
    await expect(make(inVariable(quoted))).rejects.toThrow(/has quotes around it, .* leave them out\.$/)
    await expect(make(inFile(`${quoted}\n`))).rejects.toThrow(/has quotes around it/)
    await make(inVariable(SECRET))
    await expectOpens(inVariable(SECRET))
  })

  it('are part of it in a store that was made so', async () => {
    await makeAsBefore(`"${SECRET}"`)
    await expectOpens(inVariable(`"${SECRET}"`))
  })
})

describe('a comment behind the server secret', () => {
  it('makes no new store', async () => {
    await expect(make(inVariable(`${SECRET} # of production`))).rejects.toThrow(/has a comment behind it, /)
    await expect(make(inFile(`${SECRET} # of production\n`))).rejects.toThrow(/has a comment behind it/)
  })

  it('is part of it in a store that was made so', async () => {
    await makeAsBefore(`${SECRET} # of production`)
    await expectOpens(inVariable(`${SECRET} # of production`))
  })
})

describe('space around the server secret', () => {
  it.each(['\n', '\r\n', ' ', '\n\n', '\t'])(
    '%j is nothing, in the variable as in the file',
    async (space) => {
      await make(inVariable(SECRET))
      for (const text of [SECRET, `${SECRET}${space}`, `${space}${SECRET}`]) {
        await expectOpens(inVariable(text))
        await expectOpens(inFile(text))
      }
    },
  )

  it('is none of a new store either', async () => {
    await make(inVariable(`${SECRET}\n`))
    await expectOpens(inFile(SECRET))
  })

  it('is kept for a store that was made with it', async () => {
    await makeAsBefore(`${SECRET}\n`)
    await expectOpens(inVariable(`${SECRET}\n`))
    await expect(open(inVariable(SECRET))).rejects.toThrow('not the one this store was made with')
  })
})

describe('a server secret that could be guessed', () => {
  const WEAK = 'changeme'.repeat(8)

  it.each([
    ['in the variable', () => inVariable(WEAK)],
    ['in the file', () => inFile(WEAK)],
  ])('%s makes no store, and is not shown', async (_where, given) => {
    const error = (await open(given()).catch((thrown: unknown) => thrown)) as Error
    expect(error.message).toMatch(/^The server secret is a short text, repeated, .*openssl rand -hex 32/)
    expect(error.message).not.toContain('changeme')
    // Nothing is there that the next start, with another secret, could stumble over.
    if (database === undefined) expect(readdirSync(directory)).not.toContain('data')
    await make(inVariable(SECRET))
  })

  it('keeps its store, which says so in the log', async () => {
    await makeAsBefore(WEAK)
    const logged: string[] = []
    await expectOpens(inVariable(WEAK), logged)
    expect(logged.join('')).toContain('"event":"secret_weak"')
    expect(logged.join('')).not.toContain('changeme')
  })
})
