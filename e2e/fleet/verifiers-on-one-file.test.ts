/** Verifiers at one machine whose processes share a file, and commands beside it: what is revoked is accepted by none. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import { call } from '../calling.ts'
import { createHome, type Home } from '../running.ts'
import { atOnce, CLIENTS_TOGETHER, inRounds, MANY, SOME, until } from './rounds.ts'
import { startVerifier, type VerifierProcess } from './verifiers.ts'
import { workersOf } from './workers-of.ts'

const WORKERS = 4
const VERIFIERS = 3
/** Each is a process, which waits for all verifiers. */
const COMMANDS = Math.ceil(SOME / 20)
const TEST_MS_MAX = 120_000 + MANY * 400
const SETTINGS = { LATCHKEY_WORKERS: String(WORKERS), LATCHKEY_LOG_LEVEL: 'fatal' }

type Key = { readonly id: string; readonly secret: string }

let home: Home
let service: Awaited<ReturnType<Home['serve']>>
let adminKey: string
let userId: string
let companyId: string
let verifiers: VerifierProcess[]

beforeAll(async () => {
  home = createHome()
  // The one that follows it in one of the tests has the same.
  const port = String(await freePort())
  service = await home.serve({ settings: { ...SETTINGS, PORT: port } })
  adminKey = home.adminKey()
  const { body } = await ask({ path: '/me' })
  userId = String(body.userId)
  companyId = String(body.companyId)
  verifiers = await Promise.all(
    Array.from({ length: VERIFIERS }, (_, index) =>
      startVerifier(`verifier ${index}`, service.url, adminKey),
    ),
  )
}, TEST_MS_MAX)
afterAll(async () => {
  await Promise.all((verifiers ?? []).map((verifier) => verifier.dispose()))
  await home.dispose()
})

const ask = (request: Omit<Parameters<typeof call>[1], 'key'>) =>
  call(service.url, { key: adminKey, ...request })

/** A key that every verifier has in memory. */
async function rememberedKey(): Promise<Key> {
  const { body } = await ask({ path: '/keys', body: { userId } })
  const key = { id: String(body.id), secret: String(body.key) }
  await Promise.all(verifiers.map((verifier) => until('VALID', () => verifier.verify(key.secret))))
  return key
}

const codesOf = (secret: string) => Promise.all(verifiers.map((verifier) => verifier.verify(secret)))

/** Whichever process gets it, however often that takes. */
async function remove({ id }: Key): Promise<void> {
  const status = async () =>
    (await ask({ method: 'DELETE', path: `/keys/${id}` }).catch(() => ({ status: 0 }))).status
  await until(204, status, 30_000)
}

type Fault = { readonly begin?: () => unknown; readonly end?: () => unknown }

/** How often each was said of keys that were deleted, asked of every verifier as soon as that was answered. */
async function revokeAndAsk(revocations: number, { begin, end }: Fault): Promise<Record<string, number>> {
  const told: Record<string, number> = {}
  await inRounds({ revocations }, async (count) => {
    const keys = await atOnce(CLIENTS_TOGETHER, Array.from({ length: count }), rememberedKey)
    await begin?.()
    const late: Promise<unknown>[] = []
    await atOnce(CLIENTS_TOGETHER, keys, async (key) => {
      await remove(key)
      for (const verifier of verifiers)
        late.push(verifier.verify(key.secret).then((code) => (told[code] = (told[code] ?? 0) + 1)))
    })
    await end?.()
    await Promise.all(late)
  })
  return told
}

describe.skipIf(process.platform !== 'linux')(`${WORKERS} processes on one file`, () => {
  it(
    'no verifier accepts a key once its deletion is answered, by whichever of them',
    async () => {
      expect(await revokeAndAsk(MANY, {})).toEqual({ INACTIVE: MANY * VERIFIERS })
    },
    TEST_MS_MAX,
  )

  it(
    'nor does one that stood still meanwhile and goes on',
    async () => {
      const [frozen] = verifiers
      const told = await revokeAndAsk(SOME, { begin: () => frozen!.freeze(), end: () => frozen!.thaw() })
      expect(told.VALID).toBeUndefined()
      expect(told.INACTIVE).toBeGreaterThanOrEqual(SOME * (VERIFIERS - 1))
    },
    TEST_MS_MAX,
  )

  it(
    'nor do those of a process that was killed',
    async () => {
      const kill = () => {
        const [killed = 0] = workersOf(service)
        process.kill(killed, 'SIGKILL')
      }
      const told = await revokeAndAsk(SOME, {
        begin: kill,
        end: () => until(WORKERS, async () => workersOf(service).length),
      })
      expect(told.VALID).toBeUndefined()
      expect(told.INACTIVE).toBeGreaterThanOrEqual(SOME)
    },
    TEST_MS_MAX,
  )
})

describe('a command beside a service', () => {
  /** Asks every verifier the moment the command has printed this, before it has ended. */
  async function codesWhenPrinted(
    args: readonly string[],
    printed: RegExp,
    secret: string,
  ): Promise<string[]> {
    const command = home.start(args, { settings: SETTINGS })
    await command.printed(printed)
    const codes = await codesOf(secret)
    expect((await command.ended).exitCode).toBe(0)
    return codes
  }

  const deleted = (id: string) => ['keys', 'delete', id, '--yes']
  const DELETED = /is deleted, and no server accepts it any more/
  const refused = Array.from({ length: VERIFIERS }, () => 'INACTIVE')

  it(
    'no verifier accepts a key that it has deleted',
    async () => {
      for (let nth = 0; nth < COMMANDS; nth++) {
        const { id, secret } = await rememberedKey()
        expect(await codesWhenPrinted(deleted(id), DELETED, secret)).toEqual(refused)
      }
    },
    TEST_MS_MAX,
  )

  it(
    'nor the secret that it has replaced',
    async () => {
      const { id, secret } = await rememberedKey()
      const rotation = ['keys', 'rotate', id, '--overlap', '0']
      expect(await codesWhenPrinted(rotation, /lk_live_\w{49}/, secret)).toEqual(refused)
    },
    TEST_MS_MAX,
  )

  it(
    'nor one that it has deleted while a verifier stands still',
    async () => {
      const { id, secret } = await rememberedKey()
      const [frozen, ...others] = verifiers
      frozen!.freeze()
      const command = home.start(deleted(id), { settings: SETTINGS })
      await command.printed(DELETED)
      const late = frozen!.verify(secret)
      frozen!.thaw()
      expect(await late).not.toBe('VALID')
      for (const other of others) expect(await other.verify(secret)).toBe('INACTIVE')
      expect((await command.ended).exitCode).toBe(0)
    },
    TEST_MS_MAX,
  )

  it(
    'what it imports is accepted, and no more when it is deleted',
    async () => {
      const text = 'shop_key_that_another_system_gave_out'
      for (const code of await codesOf(text)) expect(code).toBe('NOT_FOUND')
      const hash = createHash('sha256').update(text).digest('hex')
      writeFileSync(join(home.directory, 'keys.csv'), `hash,externalUserId\n${hash},customer-1\n`)
      const how = ['--format', 'sha256', '--create-users', '--check', text]
      const imported = await home.run(
        ['import', 'keys.csv', '--from', 'csv', '--company', companyId, ...how],
        SETTINGS,
      )
      expect(imported.exitCode).toBe(0)
      for (const verifier of verifiers) await until('VALID', () => verifier.verify(text))
      const { body } = await ask({ path: '/verify', body: { key: text } })
      expect(await codesWhenPrinted(deleted(String(body.keyId)), DELETED, text)).toEqual(refused)
    },
    TEST_MS_MAX,
  )

  it(
    'what a restored store does not hold is unknown to every verifier once it is accepted',
    async () => {
      const kept = await rememberedKey()
      const copy = join(home.directory, 'copy.db')
      expect((await home.run(['backup', copy], SETTINGS)).exitCode).toBe(0)
      const lost = await rememberedKey()
      const { port } = new URL(service.url)
      await service.stop()
      expect((await home.run(['restore', copy], SETTINGS)).exitCode).toBe(0)
      service = await home.serve({ settings: { ...SETTINGS, PORT: port } })
      // Until then they may answer from before: a lease of theirs may still run.
      for (const verifier of verifiers) {
        await until(false, async () => (await verifier.verify(kept.secret)) === 'VALID')
      }
      const command = home.start(['restore', '--accept'], { settings: SETTINGS })
      await command.printed(/The store is in use, under a new epoch/)
      for (const code of await codesOf(lost.secret)) expect(code).not.toBe('VALID')
      expect((await command.ended).exitCode).toBe(0)
      for (const verifier of verifiers) await until('VALID', () => verifier.verify(kept.secret))
      for (const code of await codesOf(lost.secret)) expect(code).toBe('NOT_FOUND')
      await remove(kept)
      expect(await codesOf(kept.secret)).toEqual(refused)
    },
    TEST_MS_MAX,
  )
})
