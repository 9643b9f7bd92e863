import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Latchkey, type Verifier } from '@latchkey/client'
import { residentMiB } from './cpu-time.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { ALLOWED_ADDRESS } from './gateway-checks.ts'
import { startLatchkey } from './running.ts'
import { secretAt } from './secrets.ts'
import type { Stores } from './stores.ts'

const KEYS = 1_000_000
const KEYS_QUICK = 150_000
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

/** Whether the memory of a verifier stays as it is while a million keys come and go: minutes, and so by its name only. */
export async function m6VerifierMemory(extent: Extent, stores: Stores): Promise<Row[]> {
  const keys = extent.isQuick ? KEYS_QUICK : KEYS
  const store = await stores.of(keys)
  await using service = await startLatchkey(store)
  await using verifier = new Latchkey({
    url: `http://127.0.0.1:${service.port}`,
    key: store.adminKey,
  }).verifier()
  await verifier.ready()
  const collectGarbage = createCollector()
  const heap: number[] = []
  const resident: number[] = []
  let verified = 0
  for (let first = 0; first < keys; first += IN_USE) {
    extent.progress(`${first.toLocaleString('en')} of ${keys.toLocaleString('en')} keys`)
    verified += await use(verifier, first)
    if ((first + IN_USE) % (keys / LOOKS) !== 0) continue
    collectGarbage()
    heap.push(process.memoryUsage().heapUsed / 2 ** 20)
    resident.push(residentMiB(process.pid))
  }
  const { loads, keys: held } = verifier.counters
  const [full = 1, ...later] = heap
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ')
  return [
    rowOf({
      id: 'M6',
      what: `heap of a verifier after each tenth of ${keys.toLocaleString('en')} keys ÷ after the first`,
      rounds: later.map((value) => value / full),
      isBetter: 'lower',
      floor: 1.1,
      goal: 1.05,
      note:
        `${verified.toLocaleString('en')} verifications, ${loads.toLocaleString('en')} keys read, ` +
        `${held.toLocaleString('en')} in memory at the end; heap ${list(heap)} MiB, resident ${list(resident)} MiB`,
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
  const verify = (attempt: (typeof attempts)[number]) => {
    verified += 1
    return verifier.verify(attempt)
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
      for (const attempt of attempts.slice(start, start + AT_ONCE)) {
        const verdict = verify(attempt)
        if (verdict instanceof Promise) await verdict
      }
      await new Promise(setImmediate)
    }
  }
  return verified
}

function createCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
