import { parseAddress } from '@latchkey/core/address'
import { IN_FORCE } from '@latchkey/core/evaluate'
import type { KeyId } from '@latchkey/core/ids'
import { parseSecret, type Secret } from '@latchkey/core/secret'
import type { Services } from '@latchkey/server'
import { ownCpuSeconds } from './cpu-time.ts'
import { type Extent, median } from './figure.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'
import { secretAt } from './secrets.ts'
import { type BenchStore, openStore, type Stores } from './stores.ts'

/** Verifications and fingerprints in one round. */
const LOOPS = 100_000

export type LoopFigure = {
  /** Verifications ÷ fingerprints for the same CPU time, round by round. */
  readonly rounds: number[]
  readonly note: string
}

/**
 * The in-process verifier, from the text of a secret to the verdict, over `inUse` keys of a real SQLite store of
 * `keys`; against a loop that makes the fingerprints of the same secrets and does nothing with them.
 */
export async function measureVerifyLoop(
  extent: Extent,
  stores: Stores,
  { keys, inUse }: { readonly keys: number; readonly inUse: number },
): Promise<LoopFigure> {
  const store = await stores.of(keys)
  const services = await openStore(store)
  try {
    const secrets = activeIndexes(Math.min(inUse, LOOPS), inUse).map(secretAt)
    await writeOnce(services, store)
    const verify = () => verifyAll(services, secrets)
    const fingerprint = () => fingerprintAll(services, secrets)
    verify()
    fingerprint()
    const { hits, loads } = services.verifier
    const measured = await alternate(extent, {
      verify: async () => LOOPS / (await ownCpuSeconds(verify)),
      fingerprint: async () => LOOPS / (await ownCpuSeconds(fingerprint)),
    })
    const hitCount = services.verifier.hits - hits
    const share = (hitCount / (hitCount + services.verifier.loads - loads)) * 100
    return {
      rounds: ratios(measured.verify, measured.fingerprint),
      note: `${rates(measured, 'a CPU second')} (${(1e6 / median(measured.verify)).toFixed(1)} µs a verification); ${share.toFixed(1)} % of keys found in memory`,
    }
  } finally {
    await services.dispose()
  }
}

/** The same verifier by itself: verifications for each second of this process's own time. */
export async function verifyRate(
  stores: Stores,
  { keys, inUse }: { readonly keys: number; readonly inUse: number },
): Promise<AsyncDisposable & { readonly rate: Target }> {
  const store = await stores.of(keys)
  const services = await openStore(store)
  const secrets = activeIndexes(Math.min(inUse, LOOPS), inUse).map(secretAt)
  await writeOnce(services, store)
  verifyAll(services, secrets)
  return {
    rate: async () => LOOPS / (await ownCpuSeconds(() => verifyAll(services, secrets))),
    [Symbol.asyncDispose]: () => services.dispose(),
  }
}

/** As a service in use does a second after its first verification: from then on it holds the lease. */
async function writeOnce(
  { revocations, verifier, usage, clock }: Services,
  { key }: BenchStore,
): Promise<void> {
  await revocations.start({ isAlone: true })
  const attempt = { ...IN_FORCE, address: undefined, nowMs: clock.nowMs() }
  usage.note(await verifier.verifyById(key.id as KeyId, attempt), attempt)
  await usage.flush()
}

function verifyAll({ verifier, config }: Services, secrets: readonly Secret[]): void {
  const texts = secrets.map((secret) => secret.reveal())
  const address = parseAddress(ALLOWED_ADDRESS)
  const permissions = ['app:read']
  for (let loop = 0; loop < LOOPS; loop++) {
    const secret = parseSecret(texts[loop % texts.length]!, config.keyPrefix)
    // SQLite answers at once: a promise here would be a fault.
    const outcome = verifier.verify(secret!, { ...IN_FORCE, address, permissions, nowMs: Date.now() })
    if (!('code' in outcome) || outcome.code !== 'VALID') throw new Error('a valid key was refused')
  }
}

function fingerprintAll({ fingerprint }: Services, secrets: readonly Secret[]): void {
  let length = 0
  for (let loop = 0; loop < LOOPS; loop++) length += fingerprint(secrets[loop % secrets.length]!).length
  if (length !== 32 * LOOPS) throw new Error('a fingerprint has 32 characters')
}
