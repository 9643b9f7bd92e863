import { isId, type UserId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import type { ImportRow } from '../import/import-row.ts'
import { RowRefusal } from '../import/source-error.ts'
import type { User } from '../storage/tables/user.ts'
import { findUser, findUserByExternalId, saveKeyCounts } from '../storage/tables/users.ts'

export type ImportOwner = {
  /** Whose the keys are whose rows name nobody; undefined: such rows are refused. */
  readonly userId: string | undefined
  /** Whether an owner who is not a user of the company becomes one: a developer. */
  readonly createUser: ((change: Change, externalId: string) => Promise<User>) | undefined
}

/** A user, or the external id of one that is still to be made. */
export type FoundOwner = { readonly user: User } | { readonly newExternalId: string }

/** The owners of the keys of one import, each read once and counted at the end. */
export function createImportedOwners(change: Change, { userId: fallback, createUser }: ImportOwner) {
  const found = new Map<string, User | undefined>()
  const counts = new Map<UserId, User>()

  async function once(name: string, find: () => Promise<User | undefined>): Promise<User | undefined> {
    if (!found.has(name)) found.set(name, await find())
    return found.get(name)
  }

  return {
    /** Throws RowRefusal. */
    async find({ userId, externalUserId }: ImportRow): Promise<FoundOwner> {
      const companyId = change.ledger.id
      const id = userId ?? (externalUserId === undefined ? fallback : undefined)
      if (id !== undefined) {
        const user = isId('usr', id) ? await once(id, () => findUser(change.db, companyId, id)) : undefined
        if (user?.status === 'active') return { user }
        throw new RowRefusal('its owner is not an active user of the company. GET /users lists them.')
      }
      if (externalUserId === undefined) throw new RowRefusal('it names no owner.')
      const user = await once(`:${externalUserId}`, () =>
        findUserByExternalId(change.db, companyId, externalUserId),
      )
      if (user?.status === 'active') return { user }
      if (user !== undefined)
        throw new RowRefusal('its owner is a user who is not active: activate that user first.')
      if (createUser !== undefined) return { newExternalId: externalUserId }
      throw new RowRefusal(
        'its owner is not a user of the company: make that user first, or have it made, with createUsers.',
      )
    },
    /** Makes the user where there is none, and counts a key of it. Throws AppError. */
    async settle(owner: FoundOwner, status: 'active' | 'inactive'): Promise<UserId> {
      let user: User
      if ('user' in owner) user = owner.user
      else {
        // Only whoever may make users finds one to be made.
        user = await createUser!(change, owner.newExternalId)
        found.set(`:${owner.newExternalId}`, user)
      }
      const counted = counts.get(user.id) ?? user
      const isActive = status === 'active'
      counts.set(user.id, {
        ...counted,
        keysActive: counted.keysActive + (isActive ? 1 : 0),
        keysInactive: counted.keysInactive + (isActive ? 0 : 1),
      })
      if (isActive) change.ledger.keysActive += 1
      else change.ledger.keysInactive += 1
      return user.id
    },
    async saveCounts(): Promise<void> {
      for (const user of counts.values()) await saveKeyCounts(change.db, user)
    },
  }
}
