import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/key-cache'
import type { Actor } from '@latchkey/core/principal'
import { pause } from '../../src/verification/timing.ts'
import { addKey, companyOf, type SimulatedUser } from './keys.ts'
import type { ModelKey } from './model-contents.ts'
import type { ModelDb } from './model-engine.ts'
import type { Random } from './random.ts'
import type { Server, SimulatedKey } from './server.ts'

/** What somebody asks of a server, as the use cases do it: the company's row first, its revisions last. */
export type Change = {
  readonly scope: RevocationScope
  readonly companyId: CompanyId
  readonly work: (db: ModelDb, revoke: () => void) => Promise<void>
}

/** Between two statements a writer may be slow. */
export type Stalls = Pick<Random, 'chance' | 'between'> & { readonly isOn: () => boolean }

const ACTOR: Actor = { type: 'host', id: null, userId: null, address: null, requestId: null }

export async function make(server: Server, change: Change, stalls: Stalls): Promise<void> {
  const { scope, companyId, work } = change
  await server.write(ACTOR, async (tx) => {
    const db = tx.db as unknown as ModelDb
    await db.lockCompany(companyId)
    await stall(server, stalls)
    await work(db, () => tx.revoke(scope))
    await stall(server, stalls)
  })
}

/** Without a revision: nobody can have remembered a key that was not there. */
export async function createKey(server: Server, key: SimulatedKey): Promise<void> {
  await server.write(ACTOR, async (tx) => {
    const db = tx.db as unknown as ModelDb
    await db.lockCompany(companyOf(key))
    await db.change((contents) => addKey(contents, key))
  })
}

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

function keyChange(
  key: SimulatedKey,
  work: (found: ModelKey, db: ModelDb, revoke: () => void) => Promise<void>,
): Change {
  return {
    scope: { scope: 'key', id: key.id },
    companyId: companyOf(key),
    async work(db, revoke) {
      const found = await db.findKey(key.id)
      if (found === undefined) throw new Error('no such key')
      await work(found, db, revoke)
    },
  }
}

async function setStatus(db: ModelDb, id: KeyId, status: ModelKey['status']): Promise<void> {
  await db.change(({ keys }) => {
    const key = keys.get(id)
    if (key !== undefined) keys.set(id, { ...key, status })
  })
}
