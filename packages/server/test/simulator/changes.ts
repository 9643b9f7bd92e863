import type { CompanyId, KeyId } from '@latchkey/core/ids'
import { principalOf } from '@latchkey/core/principal'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Change as OpenChange } from '../../src/changes/change.ts'
import { HOST, type Requester, requesterOnHost } from '../../src/changes/requester.ts'
import { pause } from '../../src/verification/freshness/timing.ts'
import { addKey, companyOf, type SimulatedUser } from './keys.ts'
import type { Contents, ModelKey } from './model-contents.ts'
import type { ModelDb } from './model-engine.ts'
import type { Random } from './random.ts'
import type { AcceptedUse, Server, SimulatedKey } from './server.ts'

/** What somebody asks of a server, as the use cases do it: the company's row first, its revisions last. */
export type Change = {
  readonly scope: RevocationScope
  readonly companyId: CompanyId
  readonly work: (db: ModelDb, revoke: () => void, nowMs: number) => Promise<void>
}

/** Between two statements a writer may be slow. */
export type Stalls = Pick<Random, 'chance' | 'between'> & { readonly isOn: () => boolean }

export async function make(server: Server, change: Change, stalls: Stalls): Promise<void> {
  const { scope, companyId, work } = change
  await server.change(requesterOnHost(companyId), companyId, async (change) => {
    await stall(server, stalls)
    await work(modelOf(change), () => change.revoke(scope), change.nowMs)
    await stall(server, stalls)
  })
}

/** Without a revision: nobody can have remembered a key that was not there. */
export async function createKey(server: Server, key: SimulatedKey): Promise<void> {
  await server.change(requesterOnHost(companyOf(key)), companyOf(key), (change) =>
    modelOf(change).change((contents) => addKey(contents, key)),
  )
}

/**
 * What a key asks for that was accepted when its request came in: `commit` is called with the contents that the
 * change is made in, and its moment. The body of the request may be long in coming.
 */
export async function changeByKey(
  server: Server,
  { key, secret }: AcceptedUse,
  stalls: Stalls,
  commit: (contents: Contents, nowMs: number) => void,
): Promise<void> {
  await stall(server, stalls)
  const by: Requester = {
    actor: HOST,
    principal: principalOf(key, undefined, secret),
    address: undefined,
    assertPermitted: () => {},
  }
  await server.change(by, key.companyId, async (change) => {
    await modelOf(change).change((contents) => commit(contents, change.nowMs))
    await stall(server, stalls)
  })
}

const modelOf = (change: OpenChange): ModelDb => change.db as unknown as ModelDb

async function stall(server: Server, { chance, between, isOn }: Stalls): Promise<void> {
  if (isOn() && chance(0.1)) await pause(server.timing, between(1, 600))
}

/** As delete-key.ts: what is deleted already is promised again. */
export const deletion = (key: SimulatedKey): Change =>
  keyChange(key, async (found, db, revoke) => {
    revoke()
    if (found.status !== 'deleted') await setStatus(db, key.id, 'deleted')
  })

export const disabling = (key: SimulatedKey): Change =>
  keyChange(key, async (found, db, revoke) => {
    revoke()
    if (found.status === 'enabled') await setStatus(db, key.id, 'disabled')
  })

export const enabling = (key: SimulatedKey): Change =>
  keyChange(key, async (found, db, revoke) => {
    if (found.status !== 'disabled') return
    revoke()
    await setStatus(db, key.id, 'enabled')
  })

export const userChange = ({ id, companyId }: SimulatedUser, isActive: boolean): Change => ({
  scope: { scope: 'user', id },
  companyId,
  async work(db, revoke) {
    revoke()
    await db.change(({ users }) => void users.set(id, { companyId, isActive }))
  },
})

export const companyChange = (id: CompanyId, isActive: boolean): Change => ({
  scope: { scope: 'company', id },
  companyId: id,
  async work(db, revoke) {
    revoke()
    await db.change(({ companies }) => void companies.set(id, isActive))
  },
})

export function keyChange(
  key: SimulatedKey,
  work: (found: ModelKey, db: ModelDb, revoke: () => void, nowMs: number) => Promise<void>,
): Change {
  return {
    scope: { scope: 'key', id: key.id },
    companyId: companyOf(key),
    async work(db, revoke, nowMs) {
      const found = await db.findKey(key.id)
      if (found === undefined) throw new Error('no such key')
      await work(found, db, revoke, nowMs)
    },
  }
}

async function setStatus(db: ModelDb, id: KeyId, status: ModelKey['status']): Promise<void> {
  await db.change(({ keys }) => {
    const key = keys.get(id)
    if (key !== undefined) keys.set(id, { ...key, status })
  })
}
