import { type Agent, request } from 'node:https'
import { AppError } from '@latchkey/core/error'
import { type CryptoKey, importJWK, type JWK } from 'jose'

const BYTES_MAX = 64 * 1024
const KEYS_MAX = 50
const TIMEOUT_MS = 3_000
/** RFC 7518 §3.3 */
const RSA_BITS_MIN = 2_048
/** Of an algorithm, by how its name begins (RFC 7518 §3.1, RFC 8037, RFC 9864). */
const KIND_OF: Readonly<Record<string, PublicJwk['kty']>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }
/** Of an algorithm whose keys are of one curve (RFC 7518 §3.4). */
const CURVE_OF: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
/** However many unknown key ids are tried, the issuer is asked no more often than this. */
const REFRESH_MS_MIN = 30_000
/** So that a key the issuer withdrew stops counting. */
const REFRESH_MS = 10 * 60 * 1_000
/** How long keys are believed when the issuer is silent. */
const LAST_GOOD_MS_MAX = 24 * 60 * 60 * 1_000

/** A symmetric one is never a key to verify with. */
type PublicJwk = JWK & { readonly kty: 'RSA' | 'EC' | 'OKP' }
const KINDS: readonly unknown[] = ['RSA', 'EC', 'OKP']

type Options = {
  readonly url: string
  readonly ca: string | undefined
  readonly agent: Agent
  readonly algorithms: readonly string[]
  readonly monotonicMs: () => number
}

/** The keys of one outside issuer, and of no other. */
export type Jwks = {
  /** Throws AppError `cannot_verify` when there are no keys to ask that are recent enough. */
  find(kid: string | undefined, algorithm: string): Promise<FoundKey | undefined>
}

/** `believedMs`: for how long what the key verified needs no second look. Then the issuer is asked whether it still has it. */
type FoundKey = { readonly key: CryptoKey; readonly believedMs: number }

export function createJwks({ url, ca, agent, algorithms, monotonicMs }: Options): Jwks {
  let keys: readonly PublicJwk[] = []
  let fetchedAtMs = Number.NEGATIVE_INFINITY
  let triedAtMs = Number.NEGATIVE_INFINITY
  let refreshing: Promise<void> | undefined
  let lastError: unknown

  async function fetchNow(): Promise<void> {
    triedAtMs = monotonicMs()
    try {
      keys = parseKeys(await download(url, { ca, agent }), algorithms)
      fetchedAtMs = monotonicMs()
    } catch (error) {
      // The last good keys stay; when they are too old, `find` refuses with this as the cause.
      lastError = error
    }
  }

  async function refresh(): Promise<void> {
    if (monotonicMs() - triedAtMs < REFRESH_MS_MIN && refreshing === undefined) return
    refreshing ??= fetchNow().finally(() => {
      refreshing = undefined
    })
    await refreshing
  }

  const candidate = (kid: string | undefined, algorithm: string): PublicJwk | undefined => {
    const [kind, curve] = [KIND_OF[algorithm.slice(0, 2)], CURVE_OF[algorithm]]
    const fitting = keys.filter(
      ({ kty, crv, alg }) =>
        kty === kind && (curve === undefined || crv === curve) && (alg === undefined || alg === algorithm),
    )
    if (kid !== undefined) return fitting.find((key) => key.kid === kid)
    return fitting.length === 1 ? fitting[0] : undefined
  }

  return {
    async find(kid, algorithm) {
      if (monotonicMs() - fetchedAtMs > REFRESH_MS || candidate(kid, algorithm) === undefined) await refresh()
      if (monotonicMs() - fetchedAtMs > LAST_GOOD_MS_MAX) {
        throw new AppError(
          'cannot_verify',
          'The keys of the token’s issuer cannot be had: try again in a moment.',
          {
            retryAfterSeconds: REFRESH_MS_MIN / 1_000,
            cause: lastError,
          },
        )
      }
      const found = candidate(kid, algorithm)
      const key = found === undefined ? undefined : await importKey(found, algorithm)
      const leftMs = fetchedAtMs + REFRESH_MS - monotonicMs()
      // A silent issuer is asked no more often than that anyway.
      const believedMs = leftMs < 0 ? REFRESH_MS_MIN : leftMs
      return key === undefined ? undefined : { key, believedMs }
    },
  }
}

/** undefined: no key at all, one of another kind than the algorithm, or one that is too weak for it. */
async function importKey(jwk: PublicJwk, algorithm: string): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK(jwk, algorithm)
    // The private half of a key, or one that is published for no use.
    if (!key.usages.includes('verify')) return undefined
    const { modulusLength } = key.algorithm as { modulusLength?: number }
    return modulusLength !== undefined && modulusLength < RSA_BITS_MIN ? undefined : key
  } catch {
    // What an issuer publishes is text from outside: a broken key is as good as none.
    return undefined
  }
}

/** Keys of other kinds and uses are left out. */
function parseKeys(text: string, algorithms: readonly string[]): PublicJwk[] {
  const { keys } = JSON.parse(text) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new Error('the key set has no keys')
  return (keys as PublicJwk[])
    .filter(
      ({ kty, use, alg }) =>
        KINDS.includes(kty) &&
        (use === undefined || use === 'sig') &&
        (alg === undefined || algorithms.includes(alg)),
    )
    .slice(0, KEYS_MAX)
}

/** One GET, no redirects, bounded in time and size. */
function download(url: string, tls: Pick<Options, 'ca' | 'agent'>): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const sent = request(url, { ...tls, signal, headers: { accept: 'application/json' } }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.destroy()
        reject(new Error(`the key set answered ${answer.statusCode}`))
        return
      }
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > BYTES_MAX) answer.destroy(new Error(`the key set is larger than ${BYTES_MAX} bytes`))
        else chunks.push(chunk)
      })
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}
