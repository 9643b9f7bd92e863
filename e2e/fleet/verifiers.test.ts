/** Verifiers in processes of their own, at three servers: what is revoked is accepted by none of them. */
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { createFleet, type Fleet } from './fleet.ts'
import type { Issued } from './revocations.ts'
import { createRecorder } from './revocations.ts'
import { atOnce, inRounds, MANY, SOME } from './rounds.ts'
import { startVerifier, type VerifierProcess } from './verifiers.ts'

const TEST_MS_MAX = 120_000 + MANY * 400
const SERVERS = 3
const CLIENTS = 8

let fleet: Fleet
let verifiers: VerifierProcess[]

beforeEach(async () => {
  fleet = await createFleet({ url: inject('databaseServer')! }, SERVERS)
  // One at each server, and a second one at the last.
  const urls = [...fleet.servers, fleet.servers.at(-1)!].map(({ url }) => url)
  verifiers = await Promise.all(urls.map((url, index) => startVerifier(`verifier ${index}`, url, fleet.key)))
})
afterEach(async () => {
  await Promise.all(verifiers.map((verifier) => verifier.dispose()))
  await fleet.dispose()
})

type Told = Record<string, number>

/** Has keys in the memory of every verifier, revokes them, and asks every verifier as soon as that is answered. */
async function revokeAndAsk(
  revocations: number,
  at: Fleet['servers'],
  fault: { readonly begin?: () => unknown; readonly end?: () => unknown; readonly isFinal?: boolean } = {},
): Promise<Told> {
  const recorder = createRecorder(fleet)
  const told: Told = {}
  // Verifiers of a server that was killed come to know no key after it.
  const roundMax = fault.isFinal === true ? revocations : 50
  await inRounds({ revocations, roundMax }, async (count) => {
    const keys = await atOnce(CLIENTS, Array.from({ length: count }), () => recorder.issue(at[0]!))
    for (const { secret } of keys) {
      const codes = await Promise.all(verifiers.map((verifier) => verifier.verify(secret)))
      expect(codes).toEqual(verifiers.map(() => 'VALID'))
    }
    await fault.begin?.()
    const late = await atOnce(CLIENTS, keys, (key) => removeAndAsk(key, at, told))
    await fault.end?.()
    await Promise.all(late.flat())
  })
  return told
}

/** Answers what is still to be answered: a verifier that stands still answers later. */
async function removeAndAsk(key: Issued, at: Fleet['servers'], told: Told): Promise<Promise<unknown>[]> {
  const server = at[Math.floor(Math.random() * at.length)]!
  for (;;) {
    const { status } = await fleet.call(server, { method: 'DELETE', path: `/keys/${key.id}` })
    if (status === 204) break
    expect(status).toBe(503)
  }
  return verifiers.map((verifier) =>
    verifier.verify(key.secret).then((code) => {
      told[code] = (told[code] ?? 0) + 1
    }),
  )
}

it(
  'no verifier accepts a key once its deletion is answered',
  async () => {
    const told = await revokeAndAsk(MANY, fleet.servers)
    expect(told).toEqual({ INACTIVE: MANY * verifiers.length })
  },
  TEST_MS_MAX,
)

it(
  'nor does one that stood still meanwhile and goes on',
  async () => {
    const [frozen] = verifiers
    const fault = { begin: () => frozen!.freeze(), end: () => frozen!.thaw() }
    const told = await revokeAndAsk(SOME, fleet.servers, fault)
    expect(told.VALID).toBeUndefined()
    expect(told.INACTIVE).toBeGreaterThanOrEqual(SOME * (verifiers.length - 1))
  },
  TEST_MS_MAX,
)

it(
  'nor do those of a server that was killed, or of one that stands still',
  async () => {
    const [first, second, third] = fleet.servers
    const killed = await revokeAndAsk(SOME, [first!, second!], {
      begin: () => third!.stop('SIGKILL'),
      isFinal: true,
    })
    expect(killed.VALID).toBeUndefined()
    expect(killed.INACTIVE).toBeGreaterThanOrEqual(SOME * 2)
    for (const lost of verifiers.splice(2)) await lost.dispose()
    const fault = { begin: () => second!.freeze(), end: () => second!.thaw() }
    const stood = await revokeAndAsk(SOME, [first!], fault)
    expect(stood.VALID).toBeUndefined()
    expect(stood.INACTIVE).toBeGreaterThanOrEqual(SOME)
  },
  TEST_MS_MAX,
)
