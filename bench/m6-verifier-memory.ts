import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ChangesRequest, type KeyRecordResult, Latchkey, type Verifier } from '@latchkey/client'
import { residentMiB } from './cpu-time.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { ALLOWED_ADDRESS } from './gateway-checks.ts'
import { secretAt } from './secrets.ts'

const KEYS = 1_000_000
const KEYS_QUICK = 200_000
/** Of each key: ten million together. */
const VERIFICATIONS_EACH = 10
/** Keys that are in use at one time, before the next come: fewer than memory holds. */
const IN_USE = 10_000
/** Each tenth of the keys is looked at; memory is full after the first. */
const LOOKS = 10
/** Loads at a time. */
const LOADERS = 32
/** Verifications between two turns of the loop, which the lease is renewed in. */
const AT_ONCE = 5_000

/**
 * Whether the memory of a verifier stays as it is while a million keys come and go. The service answers inside this
 * process, by the client's own `fetch`: a million answers over a network would take half an hour, and say the same.
 */
export async function m6VerifierMemory(extent: Extent): Promise<Row[]> {
  const keys = extent.isQuick ? KEYS_QUICK : KEYS
  const collectGarbage = createCollector()
  const [heap, resident]: [number[], number[]] = [[], []]
  let verified = 0
  await using verifier = new Latchkey({
    url: 'http://service.test',
    key: 'lk_live_x',
    fetch: createService(),
  }).verifier()
  await verifier.ready()
  for (let first = 0; first < keys; first += IN_USE) {
    extent.progress(`${first.toLocaleString('en')} of ${keys.toLocaleString('en')} keys`)
    verified += await use(verifier, first)
    if ((first + IN_USE) % (keys / LOOKS) !== 0) continue
    collectGarbage()
    heap.push(process.memoryUsage().heapUsed / 2 ** 20)
    resident.push(residentMiB(process.pid))
  }
  const { loads, keys: held, reported, lost } = verifier.counters
  const [full = 1, ...later] = heap
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ')
  const numbers = [verified, loads, held, reported, lost].map((value) => value.toLocaleString('en'))
  return [
    rowOf({
      id: 'M6',
      what: `heap of a verifier after each tenth of ${keys.toLocaleString('en')} keys ÷ after the first`,
      rounds: later.map((value) => value / full),
      isBetter: 'lower',
      floor: 1.1,
      goal: 1.05,
      note:
        `${numbers[0]} verifications, ${numbers[1]} keys read, ${numbers[2]} in memory at the end, ` +
        `${numbers[3]} uses reported, ${numbers[4]} not; heap ${list(heap)} MiB, resident ${list(resident)} MiB`,
    }),
  ]
}

/** Reads some keys, and then verifies each of them again and again. Answers how often it did. */
async function use(verifier: Verifier, first: number): Promise<number> {
  const attempts = Array.from({ length: IN_USE }, (_, nth) => ({
    key: secretAt(first + nth).reveal(),
    ip: ALLOWED_ADDRESS,
    permissions: ['app:read'],
  }))
  let verified = 0
  const verify = async (attempt: (typeof attempts)[number]) => {
    verified += 1
    if (!(await verifier.verify(attempt)).valid) throw new Error('a valid key was refused')
  }
  const left = attempts.values()
  await Promise.all(
    Array.from({ length: LOADERS }, async () => {
      for (const attempt of left) await verify(attempt)
    }),
  )
  for (let turn = 1; turn < VERIFICATIONS_EACH; turn++) {
    for (let start = 0; start < IN_USE; start += AT_ONCE) {
      await verifier.ready()
      for (const attempt of attempts.slice(start, start + AT_ONCE)) await verify(attempt)
      await new Promise(setImmediate)
    }
  }
  return verified
}

function createCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/** What a service with these keys answers to a verifier. Nothing changes. */
function createService(): typeof fetch {
  const epoch = 'epoch'
  let made = 0
  return async (url, init) => {
    const path = new URL(String(url)).pathname
    const now = new Date().toISOString()
    if (path === '/verify/record') {
      made += 1
      return Response.json({ record: aRecord(made), askServer: false, epoch, revision: 1, now, server: 's1' })
    }
    if (path !== '/changes') return Response.json({ accepted: 1, ignored: 0 })
    const { after, hold, nonce } = JSON.parse(String(init?.body)) as ChangesRequest
    const heldMs = after === null ? 0 : hold
    if (heldMs > 0) await sleep(heldMs, undefined, { ref: false })
    const told = { epoch, after, through: 1, changes: [], reset: after === null, server: 's1' }
    return Response.json({ ...told, heldMs, provenMsAgo: 0, leaseMs: 2_000, now, nonce })
  }
}

const aRecord = (nth: number): NonNullable<KeyRecordResult['record']> => ({
  keyId: `key_${String(nth).padStart(26, '0')}`,
  companyId: 'cmp_00000000000000000000000001',
  userId: 'usr_00000000000000000000000001',
  mode: 'live',
  isActive: true,
  isUserActive: true,
  isCompanyActive: true,
  expiresAt: null,
  whitelistedIPs: ['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32'],
  role: 'developer',
  permissions: ['app:read', 'app:write'],
  metadata: { team: 'a' },
  secret: { ordinal: 1, endsAt: null, isOver: false },
  isLimited: false,
})
