import type { OutcomeCode } from '@latchkey/core/outcome-code'
import { HOUR_MS } from '../../fake-clock.ts'
import { expectCreated, type Parsed, type TestCompany, type TestService } from '../../harness.ts'
import { createKeyRecord, dateOf, type KeyRecord } from './record.ts'

const DAY_MS = 24 * HOUR_MS

/** One verification, and what has to become of it. */
export type Use = {
  readonly key: string
  readonly code: OutcomeCode
  readonly permission?: string
  readonly isPrevious?: boolean
  readonly from?: Place | undefined
}

type Place = { readonly ip: string; readonly network: string }

/** A key that is used, and what is known of it. */
export type Subject = {
  readonly id: string
  readonly record: KeyRecord
  /** Draws a use of it at that moment. */
  readonly draw: (atMs: number) => Use
  /**
   * `company`: by any of its keys. `ordered`: at one server, one after the other, because each depends on those before.
   * `operator`: by the operator, who alone sees a company that is inactive.
   */
  readonly asked: 'company' | 'ordered' | 'operator'
  /** Whose sums it is part of. */
  readonly userId: string
  /** A rotation of it is open at the end. */
  readonly isRotating?: boolean
}

/** What is switched off and on again, all of it together. */
export type Switch = { isOff: boolean; readonly requests: readonly SwitchRequest[] }
type SwitchRequest = {
  readonly path: string
  readonly companyId: string
  readonly off: object
  readonly on: object
}

export type Random = { readonly below: (n: number) => number }

const inside = (n: number): Place => ({ ip: `10.1.0.${n}`, network: `10.1.0.${n}` })
const INSIDE: readonly Place[] = [
  ...Array.from({ length: 12 }, (_, n) => inside(n)),
  { ip: '2001:db8:1::7', network: '2001:db8:1::/64' },
  { ip: '2001:db8:1::8', network: '2001:db8:1::/64' },
  { ip: '2001:db8:1:2::8', network: '2001:db8:1:2::/64' },
]
const OUTSIDE: readonly Place[] = [
  ...Array.from({ length: 9 }, (_, n) => ({ ip: `198.51.100.${n}`, network: `198.51.100.${n}` })),
  { ip: '2001:db8:ffff::1', network: '2001:db8:ffff::/64' },
]

type World = {
  readonly server: TestService
  readonly company: TestCompany
  readonly other: TestCompany
  readonly startMs: number
  readonly random: Random
  /** Uses a day of the key that has a limit. */
  readonly quota: number
}

/** Keys of every kind, one of which is in another company. */
export async function createSubjects(world: World) {
  const { company, other, startMs, random } = world
  const { developer, viewer } = company.users
  const ways = createWays(random)
  const rotating = await rotatedKey(world, 2 * DAY_MS)
  const lasting = await rotatedKey(world, 30 * DAY_MS)
  const switched: Switch = { isOff: false, requests: [] }
  const own = await ownKey(world, {})
  const subjects: Subject[] = []
  const add = (id: string, draw: Subject['draw'], fields: Partial<Subject> = {}) =>
    void subjects.push({
      id,
      draw,
      asked: 'company',
      userId: developer.id,
      record: createKeyRecord(),
      ...fields,
    })

  for (let n = 0; n < 6; n++) {
    const { id, key } = await ownKey(world, {})
    add(id, () => ways.anywhere(key, 'VALID'))
  }
  for (let n = 0; n < 4; n++) {
    const { id, key } = await ownKey(world, { whitelistedIPs: ['10.1.0.0/16', '2001:db8:1::/48'] })
    add(id, () => ways.listed(key))
  }
  const reader = await ownKey(world, { permissions: ['orders:read'] })
  add(reader.id, () => ways.permitted(reader.key))
  const endMs = startMs + 2.5 * DAY_MS
  const ending = await ownKey(world, { expiresAt: new Date(endMs).toISOString() })
  add(ending.id, (atMs) => ways.anywhere(ending.key, atMs < endMs ? 'VALID' : 'EXPIRED'))
  add(own.id, () => ways.anywhere(own.key, switched.isOff ? 'INACTIVE' : 'VALID'))
  add(viewer.keyId, () => ways.anywhere(viewer.key, switched.isOff ? 'USER_INACTIVE' : 'VALID'), {
    userId: viewer.id,
  })
  const foreign = other.users.developer
  add(foreign.keyId, () => ways.anywhere(foreign.key, switched.isOff ? 'COMPANY_INACTIVE' : 'VALID'), {
    asked: 'operator',
    userId: foreign.id,
  })
  add(rotating.id, (atMs) => ways.replaced(rotating, atMs < startMs + 2 * DAY_MS))
  add(lasting.id, () => ways.replaced(lasting, true), { isRotating: true })
  const limited = await ownKey(world, { quota: { limit: world.quota, period: 'day' } })
  add(limited.id, ways.limited(limited.key, world.quota), { asked: 'ordered' })
  const requests: SwitchRequest[] = [
    { path: `/keys/${own.id}`, companyId: company.id, off: { enabled: false }, on: { enabled: true } },
    {
      path: `/users/${viewer.id}`,
      companyId: company.id,
      off: { status: 'inactive' },
      on: { status: 'active' },
    },
    { path: `/companies/${other.id}`, companyId: '', off: { status: 'inactive' }, on: { status: 'active' } },
  ]
  return { subjects, switched: Object.assign(switched, { requests }) }
}

/** Made by the operator, who is counted elsewhere. */
export const ownKey = (
  { server, company }: Pick<World, 'server' | 'company'>,
  fields: object,
): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    headers: { 'x-company-id': company.id },
    body: { userId: company.users.developer.id, ...fields },
  })

async function rotatedKey(world: World, overlapMs: number) {
  const { id, key: previous } = await ownKey(world, {})
  const { key } = await expectCreated(world.server, {
    path: `/keys/${id}/rotation`,
    headers: { 'x-company-id': world.company.id },
    body: { overlapSeconds: overlapMs / 1_000 },
  })
  return { id: String(id), key: String(key), previous: String(previous) }
}

/** How keys are used, and what becomes of it. */
function createWays({ below }: Random) {
  const one = <T>(items: readonly T[]): T => items[below(items.length)]!
  const anywhere = (key: string, code: OutcomeCode, isPrevious = false): Use => ({
    key,
    code,
    isPrevious,
    from: below(5) === 0 ? undefined : one(INSIDE),
  })
  return {
    anywhere,
    listed(key: string): Use {
      if (below(6) === 0) return { key, code: 'IP_REQUIRED' }
      return below(3) === 0
        ? { key, code: 'IP_NOT_ALLOWED', from: one(OUTSIDE) }
        : { key, code: 'VALID', from: one(INSIDE) }
    },
    permitted: (key: string): Use =>
      below(2) === 0
        ? { ...anywhere(key, 'INSUFFICIENT_PERMISSIONS'), permission: 'orders:write' }
        : { ...anywhere(key, 'VALID'), permission: 'orders:read' },
    /** By either secret; the one before is good as long as it lives. */
    replaced(secrets: { readonly key: string; readonly previous: string }, isAlive: boolean): Use {
      if (below(2) === 0) return anywhere(secrets.key, 'VALID')
      return isAlive ? anywhere(secrets.previous, 'VALID', true) : anywhere(secrets.previous, 'INACTIVE')
    },
    limited(key: string, quota: number): Subject['draw'] {
      const used = new Map<string, number>()
      return (atMs) => {
        const before = used.get(dateOf(atMs)) ?? 0
        used.set(dateOf(atMs), before + 1)
        return anywhere(key, before < quota ? 'VALID' : 'RATE_LIMITED')
      }
    },
  }
}
