import { createFingerprinter, type Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId } from '@latchkey/core/ids'
import { generateSecret, type Secret } from '@latchkey/core/secret'
import type { Contents } from './model-contents.ts'
import { createRandom } from './random.ts'
import type { SimulatedKey } from './server.ts'

const idOf = <Kind extends string>(kind: Kind, count: number): `${Kind}_${string}` =>
  `${kind}_${String(count).padStart(26, '0')}`

const random = createRandom(2_026)
const fingerprinter = createFingerprinter(new Uint8Array(32))

/** Made once: what keys look like is of no importance, and making them is slow. */
export const KEYS: readonly SimulatedKey[] = Array.from({ length: 48 }, (_, index) => {
  const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => random.below(256))
  const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
  return { id: idOf('key', index + 1), secret, fingerprint: fingerprinter(secret) }
})
const FINGERPRINTS = new Map(KEYS.map(({ secret, fingerprint }) => [secret.reveal(), fingerprint]))
export const fingerprintOf = (secret: Secret): Fingerprint => FINGERPRINTS.get(secret.reveal())!

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
  const { id, fingerprint } = key
  const { id: userId, companyId } = userOf(key)
  contents.keys.set(id, { id, companyId, userId, fingerprint, status: 'enabled' })
}

/** What is there before anybody asks. */
export function fillStore(contents: Contents, keysCount: number): void {
  for (const id of COMPANIES) contents.companies.set(id, true)
  for (const { id, companyId } of USERS) contents.users.set(id, { companyId, isActive: true })
  for (const key of KEYS.slice(0, keysCount)) addKey(contents, key)
}
