import { createFingerprinter } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/key-cache'
import { generateSecret, type Secret } from '@latchkey/core/secret'
import { pause } from '../../src/verification/timing.ts'
import type { Host } from './fleet.ts'
import type { ModelDb } from './model-engine.ts'
import type { Contents, ModelKey } from './model-store.ts'
import { createRandom } from './random.ts'
import { ACTOR, asModelDb, type Server, type SimulatedKey, type World } from './server.ts'

const idOf = <Kind extends string>(kind: Kind, count: number): `${Kind}_${string}` =>
  `${kind}_${String(count).padStart(26, '0')}`

const chance = createRandom(2_026)
const fingerprinter = createFingerprinter(new Uint8Array(32))
/** Made once: what keys there are is of no importance, and making them is slow. */
const KEYS: readonly SimulatedKey[] = Array.from({ length: 48 }, (_, index) => {
  const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => chance.below(256))
  const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
  return { id: idOf('key', index + 1), secret, fingerprint: fingerprinter(secret) }
})
const FINGERPRINTS = new Map(KEYS.map(({ secret, fingerprint }) => [secret.reveal(), fingerprint]))
export const fingerprintOf = (secret: Secret) => FINGERPRINTS.get(secret.reveal())!

const COMPANIES = [idOf('cmp', 1), idOf('cmp', 2)] as const
const USERS = [
  { id: idOf('usr', 1), companyId: COMPANIES[0] },
  { id: idOf('usr', 2), companyId: COMPANIES[0] },
  { id: idOf('usr', 3), companyId: COMPANIES[1] },
] as const
const KEYS_AT_START = 8

/** What is there before anybody asks. */
export function fillStore(contents: Contents): void {
  for (const id of COMPANIES) contents.companies.set(id, true)
  for (const { id, companyId } of USERS) contents.users.set(id, { companyId, isActive: true })
  for (let index = 0; index < KEYS_AT_START; index += 1) addKey(contents, index)
}

function addKey(contents: Contents, index: number): void {
  const { id, fingerprint } = KEYS[index]!
  const { id: userId, companyId } = USERS[index % USERS.length]!
  contents.keys.set(id, { id, companyId, userId, fingerprint, status: 'enabled' })
}

export type Workload = {
  start(): void
  stop(): void
  /** Revokes what this server may still remember, elsewhere: it has just come back. */
  revokeSome(host: Host): void
  /** All keys that were ever made. */
  readonly keys: readonly SimulatedKey[]
  /** Repeats a deletion, or deletes; answers whether that succeeded. */
  deleteAny(server: Server): Promise<boolean>
}

type Note = (line: () => string) => void

/** Everybody uses the service at once: verifications on all servers, and changes between them. */
export function createWorkload(world: World, hosts: readonly Host[], note: Note): Workload {
  const { agenda, random, judge, store } = world
  let made = KEYS_AT_START
  let isOn = false
  /** Keys that somebody just began to revoke: to be asked for, and to be revoked again. */
  let hot: SimulatedKey[] = []

  const anyKey = (): SimulatedKey =>
    hot.length > 0 && random.chance(0.3) ? random.pick(hot) : KEYS[random.below(made)]!
  const statusOf = ({ id }: SimulatedKey) => store.contents.keys.get(id)?.status
  /** Mostly one of this status: there is little to see in revoking what nobody may use. */
  const keyThatIs = (status: ModelKey['status']): SimulatedKey => {
    const keys = KEYS.slice(0, made).filter((key) => statusOf(key) === status)
    return keys.length === 0 || random.chance(0.2) ? anyKey() : random.pick(keys)
  }
  const companyOf = (key: SimulatedKey): CompanyId => USERS[KEYS.indexOf(key) % USERS.length]!.companyId

  function verify(key: SimulatedKey, host: Host): void {
    const visibleTo = random.chance(0.9) ? null : random.pick(COMPANIES)
    host.server.verify(key, random.chance(0.7) ? 'secret' : 'id', visibleTo)
  }

  /** Asks all servers, at once and a few times while an old lease may last. */
  function probe(keys: readonly SimulatedKey[]): void {
    const ask = () => {
      for (const host of hosts) for (const key of keys) verify(key, host)
    }
    ask()
    for (let times = 0; times < 4; times += 1) agenda.after(random.between(0, 2_500) ** 2 / 2_500, ask)
  }

  /** A writer may be slow between two statements. */
  async function stall(server: Server): Promise<void> {
    if (isOn && random.chance(0.1)) await pause(server.timing, random.between(1, 600))
  }

  async function change(
    server: Server,
    scope: RevocationScope,
    companyId: CompanyId,
    work: (db: ModelDb, revoke: () => void) => Promise<void>,
  ): Promise<void> {
    await server.write(ACTOR, async ({ db, revoke }) => {
      const model = asModelDb(db)
      await model.lockCompany(companyId)
      await stall(server)
      await work(model, () => revoke(scope))
      await stall(server)
    })
  }

  async function revokeAndProbe(
    server: Server,
    scope: RevocationScope,
    concerned: readonly SimulatedKey[],
    companyId: CompanyId,
    work: Parameters<typeof change>[3],
  ): Promise<boolean> {
    const about = `${scope.scope} ${scope.id.slice(-2)} at ${server.machine.name}`
    note(() => `revoke ${about}`)
    hot = [...concerned, ...hot].slice(0, 4)
    const begunAfter = judge.commits
    try {
      await change(server, scope, companyId, work)
    } catch (error) {
      note(() => `revocation of ${about} failed: ${error}`)
      return false
    }
    note(() => `revocation of ${about} answered`)
    judge.answered(scope, begunAfter)
    probe(concerned.slice(0, 4))
    return true
  }

  const setKey = (id: KeyId, status: ModelKey['status']) => (contents: Contents) => {
    const key = contents.keys.get(id)
    if (key !== undefined) contents.keys.set(id, { ...key, status })
  }

  function deleteKey(server: Server, key: SimulatedKey): Promise<boolean> {
    return revokeAndProbe(server, { scope: 'key', id: key.id }, [key], companyOf(key), async (db, revoke) => {
      const found = await db.findKey(key.id)
      if (found === undefined) throw new Error('no such key')
      // As delete-key.ts does: what is deleted already is promised again.
      revoke()
      if (found.status !== 'deleted') await db.change(setKey(key.id, 'deleted'))
    })
  }

  function disableKey(server: Server, key: SimulatedKey): Promise<boolean> {
    return revokeAndProbe(server, { scope: 'key', id: key.id }, [key], companyOf(key), async (db, revoke) => {
      const found = await db.findKey(key.id)
      if (found === undefined) throw new Error('no such key')
      revoke()
      if (found.status === 'enabled') await db.change(setKey(key.id, 'disabled'))
    })
  }

  async function enableKey(server: Server, key: SimulatedKey): Promise<void> {
    note(() => `enable ${key.id.slice(-2)} at ${server.machine.name}`)
    await change(server, { scope: 'key', id: key.id }, companyOf(key), async (db, revoke) => {
      const found = await db.findKey(key.id)
      if (found?.status !== 'disabled') return
      revoke()
      await db.change(setKey(key.id, 'enabled'))
    })
  }

  function setUser(server: Server, isActive: boolean): Promise<unknown> {
    const others = USERS.filter(({ id }) => store.contents.users.get(id)?.isActive !== isActive)
    const { id, companyId } = random.pick(others.length > 0 ? others : USERS)
    const scope = { scope: 'user', id } as const
    const concerned = KEYS.slice(0, made).filter((_, index) => USERS[index % USERS.length]!.id === id)
    const work = async (db: ModelDb, revoke: () => void) => {
      revoke()
      await db.change((contents) => void contents.users.set(id as UserId, { companyId, isActive }))
    }
    return isActive
      ? change(server, scope, companyId, work)
      : revokeAndProbe(server, scope, concerned, companyId, work)
  }

  function setCompany(server: Server, isActive: boolean): Promise<unknown> {
    const others = COMPANIES.filter((id) => store.contents.companies.get(id) !== isActive)
    const id = random.pick(others.length > 0 ? others : COMPANIES)
    const scope = { scope: 'company', id } as const
    const concerned = KEYS.slice(0, made).filter((key) => companyOf(key) === id)
    const work = async (db: ModelDb, revoke: () => void) => {
      revoke()
      await db.change((contents) => void contents.companies.set(id, isActive))
    }
    return isActive ? change(server, scope, id, work) : revokeAndProbe(server, scope, concerned, id, work)
  }

  async function createKey(server: Server): Promise<void> {
    if (made === KEYS.length) return
    const index = made
    made += 1
    await server.write(ACTOR, async ({ db }) => {
      const model = asModelDb(db)
      await model.lockCompany(USERS[index % USERS.length]!.companyId)
      await model.change((contents) => addKey(contents, index))
    })
    note(() => `created ${index + 1} at ${server.machine.name}`)
  }

  function writeSomething(server: Server): Promise<unknown> {
    const drawn = random.below(100)
    if (drawn < 16) return deleteKey(server, keyThatIs('enabled'))
    if (drawn < 24) return deleteKey(server, anyKey())
    if (drawn < 42) return disableKey(server, keyThatIs('enabled'))
    if (drawn < 62) return enableKey(server, keyThatIs('disabled'))
    if (drawn < 66) return setUser(server, false)
    if (drawn < 76) return setUser(server, true)
    if (drawn < 77) return setCompany(server, false)
    if (drawn < 82) return setCompany(server, true)
    return createKey(server)
  }

  function revokeSome(back: Host): void {
    for (const host of hosts) {
      if (host === back || !isOn || random.chance(0.2)) continue
      agenda.after(random.between(0, 400), () => {
        const { server, machine } = host
        machine.deliver('message', () => {
          if (server.isAlive) disableKey(server, keyThatIs('enabled')).catch(() => {})
        })
      })
    }
  }

  function tick(): void {
    if (!isOn) return
    for (let times = 0; times < 3; times += 1) verify(anyKey(), random.pick(hosts))
    if (random.chance(0.15)) {
      const { server, machine } = random.pick(hosts)
      // Whoever asked is told that it failed, and may ask again.
      machine.deliver('message', () => {
        if (server.isAlive) writeSomething(server).catch(() => {})
      })
    }
    agenda.after(random.between(5, 50), tick)
  }

  return {
    start() {
      isOn = true
      tick()
    },
    stop() {
      isOn = false
    },
    revokeSome,
    get keys() {
      return KEYS.slice(0, made)
    },
    deleteAny: (server) => deleteKey(server, KEYS.find(({ id }) => store.contents.keys.has(id))!),
  }
}
