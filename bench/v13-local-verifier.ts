import { setTimeout as sleep } from 'node:timers/promises'
import { Latchkey, type Verifier } from '@latchkey/client'
import { createTagger } from '@latchkey/client/verifier/tagger'
import { createFingerprinter } from '@latchkey/core/fingerprint'
import type { Secret } from '@latchkey/core/secret'
import { ownCpuSeconds } from './cpu-time.ts'
import { type Extent, median, type Row, rowOf } from './figure.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'
import { startLatchkey } from './running.ts'
import { secretAt } from './secrets.ts'
import type { BenchStore, Stores } from './stores.ts'

const KEYS = 100_000
/** Each is read from the service once, before anything is measured. */
const KEYS_IN_USE = 20_000
const KEYS_IN_USE_QUICK = 2_000
/** Verifications and fingerprints in one round. */
const LOOPS = 50_000
/** Time for an answer of the service, which a loop keeps out: the lease has to outlive the next one. */
const LEASE_MS = 700
/** Loads at a time while memory is filled. */
const LOADERS = 16

/** The verifier of an application, from the text of a key to the verdict, while it follows a real service. */
export async function v13LocalVerifier(extent: Extent, stores: Stores): Promise<Row[]> {
  const inUse = extent.isQuick ? KEYS_IN_USE_QUICK : KEYS_IN_USE
  await using local = await localVerifyRate(await stores.of(KEYS), inUse)
  const fingerprint = createFingerprinter(new Uint8Array(32))
  const secrets = activeIndexes(inUse, KEYS).map(secretAt)
  const hash = () => hashAll(fingerprint, secrets)
  // Of one hash, where a fingerprint is of two: what the verifier itself pays.
  const tagOf = createTagger() ?? fingerprint
  const tag = () => hashAll(tagOf, secrets)
  hash()
  tag()
  const measured = await alternate(extent, {
    verify: local.rate,
    fingerprint: async () => LOOPS / (await ownCpuSeconds(hash)),
    tag: async () => LOOPS / (await ownCpuSeconds(tag)),
  })
  const byTag = median(ratios(measured.verify, measured.tag)).toFixed(2)
  return [
    rowOf({
      id: 'V13',
      what: `verify by the client's local verifier, ${inUse.toLocaleString('en')} keys in use ÷ raw fingerprint loop`,
      isBetter: 'higher',
      floor: 0.3,
      goal: 0.45,
      rounds: ratios(measured.verify, measured.fingerprint),
      note: `${rates(measured, 'a CPU second')} (${(1e6 / median(measured.verify)).toFixed(1)} µs a verification); ${byTag} of a loop of the verifier's own hash`,
    }),
  ]
}

/** Verifications of that verifier for each second of this process's own time, once it has its keys in memory. */
export async function localVerifyRate(
  store: BenchStore,
  inUse: number,
): Promise<AsyncDisposable & { readonly rate: Target }> {
  await using started = new AsyncDisposableStack()
  const service = started.use(await startLatchkey(store))
  const latchkey = new Latchkey({ url: `http://127.0.0.1:${service.port}`, key: store.adminKey })
  const verifier = started.use(latchkey.verifier())
  await verifier.ready()
  const texts = activeIndexes(inUse, store.keys).map((index) => secretAt(index).reveal())
  await fill(verifier, texts)
  const answered = async () => {
    await sleep(LEASE_MS)
    await verifier.ready()
  }
  await answered()
  verifyAll(verifier, texts)
  const ended = started.move()
  return {
    async rate() {
      await answered()
      return LOOPS / (await ownCpuSeconds(() => verifyAll(verifier, texts)))
    },
    [Symbol.asyncDispose]: () => ended.disposeAsync(),
  }
}

const attemptOf = (key: string) => ({ key, ip: ALLOWED_ADDRESS, permissions: ['app:read'] })

async function fill(verifier: Verifier, texts: readonly string[]): Promise<void> {
  const left = texts.values()
  await Promise.all(
    Array.from({ length: LOADERS }, async () => {
      for (const text of left) await verifier.verify(attemptOf(text))
    }),
  )
}

function verifyAll(verifier: Verifier, texts: readonly string[]): void {
  for (let loop = 0; loop < LOOPS; loop++) {
    const verdict = verifier.verify(attemptOf(texts[loop % texts.length]!))
    // Memory answers at once: a promise here would be a fault.
    if (!('code' in verdict) || verdict.code !== 'VALID') throw new Error('a valid key was refused')
  }
}

function hashAll(fingerprint: (secret: Secret) => string, secrets: readonly Secret[]): void {
  let length = 0
  for (let loop = 0; loop < LOOPS; loop++) length += fingerprint(secrets[loop % secrets.length]!).length
  if (length !== 32 * LOOPS) throw new Error('a fingerprint has 32 characters')
}
