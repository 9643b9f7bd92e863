/** Verifiers in processes of their own, at three servers: what is revoked is accepted by none of them. */
import { afterEach, beforeEach, expect, inject, it, type TestContext } from 'vitest'
import { createFleet, type Fleet } from './fleet.ts'
import { countSettles, numeral, PROGRESS, proofOf } from './proof.ts'
import type { Issued, Recorder } from './revocations.ts'
import { createRecorder } from './revocations.ts'
import { atOnce, CLIENTS_TOGETHER, inRounds, issueSomewhere, MANY, SOME, until } from './rounds.ts'
import { startVerifier, type VerifierProcess } from './verifiers.ts'

const TEST_MS_MAX = 120_000 + MANY * 400
const SERVERS = 3

let fleet: Fleet
let verifiers: VerifierProcess[]
let recorder: Recorder
/** How often verifiers said what, asked after the answer. */
let told: Told

type Told = Record<string, number>

beforeEach(async () => {
  fleet = await createFleet({ url: inject('databaseServer')! }, SERVERS)
  // One at each server, and a second one at the last.
  const urls = [...fleet.servers, fleet.servers.at(-1)!].map(({ url }) => url)
  verifiers = await Promise.all(urls.map((url, index) => startVerifier(`verifier ${index}`, url, fleet.key)))
  recorder = createRecorder(fleet)
  told = {}
})
afterEach(async ({ task }) => {
  await Promise.all(verifiers.map((verifier) => verifier.dispose()))
  // It serves in every test, to its end, and has counted from its start.
  const settles = await countSettles(fleet.servers.slice(0, 1))
  const asked = { ...recorder, refusals: recorder.refusals, countVerdicts: () => told }
  task.meta.proof = proofOf(asked, { all: 0, late: 0 }, settles)
  await fleet.dispose()
})

type Fault = { readonly begin?: () => unknown; readonly end?: () => unknown; readonly isFinal?: boolean }
type Extent = Pick<TestContext, 'annotate'> & {
  readonly revocations: number
  readonly at: Fleet['servers']
}

/** Has keys in the memory of every verifier, revokes them, and asks every verifier as soon as that is answered. */
async function revokeAndAsk({ revocations, at, annotate }: Extent, fault: Fault = {}): Promise<void> {
  const onRound = (done: number, all: number) => annotate(`${numeral(done)} of ${numeral(all)}`, PROGRESS)
  // Verifiers of a server that was killed come to know no key after it.
  const size = fault.isFinal === true ? { roundMax: revocations } : {}
  await inRounds({ revocations, onRound, ...size }, async (count) => {
    const keys = await atOnce(CLIENTS_TOGETHER, Array.from({ length: count }), () => rememberedKey(at[0]!))
    await fault.begin?.()
    const late = await atOnce(CLIENTS_TOGETHER, keys, (key) => removeAndAsk(key, at))
    await fault.end?.()
    await Promise.all(late.flat())
    expect(told.VALID).toBeUndefined()
  })
}

/** One that every verifier has in memory: what stood still before may be asked again. */
async function rememberedKey(server: Fleet['servers'][number]): Promise<Issued> {
  const key = await issueSomewhere([server], recorder)
  await Promise.all(verifiers.map((verifier) => until('VALID', () => verifier.verify(key.secret))))
  return key
}

/** Answers what is still to be answered: a verifier that stands still answers later. */
async function removeAndAsk(key: Issued, at: Fleet['servers']): Promise<Promise<unknown>[]> {
  const server = at[Math.floor(Math.random() * at.length)]!
  for (;;) {
    const { status } = await recorder.remove(server, key)
    if (status === 204) break
    expect(status).toBe(503)
  }
  return verifiers.map((verifier) =>
    verifier.verify(key.secret).then((code) => {
      told[code] = (told[code] ?? 0) + 1
    }),
  )
}

it('no verifier accepts a key once its deletion is answered', { timeout: TEST_MS_MAX }, async ({
  annotate,
}) => {
  await revokeAndAsk({ revocations: MANY, at: fleet.servers, annotate })
  expect(told).toEqual({ INACTIVE: MANY * verifiers.length })
})

it('nor does one that stood still meanwhile and goes on', { timeout: TEST_MS_MAX }, async ({ annotate }) => {
  const [frozen] = verifiers
  const fault = { begin: () => frozen!.freeze(), end: () => frozen!.thaw() }
  await revokeAndAsk({ revocations: SOME, at: fleet.servers, annotate }, fault)
  expect(told.INACTIVE).toBeGreaterThanOrEqual(SOME * (verifiers.length - 1))
})

it('nor do those of a server that was killed, or of one that stands still', { timeout: TEST_MS_MAX }, async ({
  annotate,
}) => {
  const [first, second, third] = fleet.servers
  const killing = { begin: () => third!.stop('SIGKILL'), isFinal: true }
  await revokeAndAsk({ revocations: SOME, at: [first!, second!], annotate }, killing)
  expect(told.INACTIVE).toBeGreaterThanOrEqual(SOME * 2)
  for (const lost of verifiers.splice(2)) await lost.dispose()
  const freezing = { begin: () => second!.freeze(), end: () => second!.thaw() }
  await revokeAndAsk({ revocations: SOME, at: [first!], annotate }, freezing)
  expect(told.INACTIVE).toBeGreaterThanOrEqual(SOME * 3)
})
