import { createFingerprinter, type Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import { generateSecret, type Secret } from '@latchkey/core/secret'
import type { Contents } from './model-contents.ts'
import { createRandom } from './random.ts'
import type { SimulatedKey, SimulatedSecret } from './server.ts'

const idOf = <Kind extends string>(kind: Kind, count: number): `${Kind}_${string}` =>
  `${kind}_${String(count).padStart(26, '0')}`

const fingerprinter = createFingerprinter(new Uint8Array(32))

export const KEYS: readonly SimulatedKey[] = Array.from({ length: 48 }, (_, index) => ({
  id: idOf('key', index + 1),
}))

const MADE = new Map<KeyId, SimulatedSecret[]>(KEYS.map(({ id }) => [id, []]))
const FINGERPRINTS = new Map<string, Fingerprint>()
export const fingerprintOf = (secret: Secret): Fingerprint => FINGERPRINTS.get(secret.reveal())!

/** The secret that a key gets first (0), next, and so on. Made once: what they look like is of no importance, and making them is slow. */
export function secretOf({ id }: SimulatedKey, index: number): SimulatedSecret {
  const made = MADE.get(id)!
  while (made.length <= index) {
    const random = createRandom(KEYS.findIndex((key) => key.id === id) * 10_000 + made.length)
    const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => random.below(256))
    const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
    const fingerprint = fingerprinter(secret)
    FINGERPRINTS.set(secret.reveal(), fingerprint)
    made.push({ secret, fingerprint })
  }
  return made[index]!
}

export const COMPANIES = [idOf('cmp', 1), idOf('cmp', 2)] as const
export const USERS = [
  { id: idOf('usr', 1), companyId: COMPANIES[0] },
  { id: idOf('usr', 2), companyId: COMPANIES[0] },
  { id: idOf('usr', 3), companyId: COMPANIES[1] },
] as const
export type SimulatedUser = (typeof USERS)[number]

const OWNERS = new Map(KEYS.map((key, index) => [key, USERS[index % USERS.length]!]))
export const userOf = (key: SimulatedKey): SimulatedUser => OWNERS.get(key)!
export const companyOf = (key: SimulatedKey): CompanyId => userOf(key).companyId

export function addKey(contents: Contents, key: SimulatedKey): void {
  const { id } = key
  const { id: userId, companyId } = userOf(key)
  const secrets = { tag: secretOf(key, 0).fingerprint, ordinal: 1, previousTag: null, replaced: [], over: [] }
  contents.keys.set(id, { id, companyId, userId, ...secrets, status: 'enabled' })
}

/** What is there before anybody asks. */
export function fillStore(contents: Contents, keysCount: number): void {
  for (const id of COMPANIES) contents.companies.set(id, true)
  for (const { id, companyId } of USERS) contents.users.set(id, { companyId, isActive: true })
  for (const key of KEYS.slice(0, keysCount)) addKey(contents, key)
}
