import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { Me } from '@latchkey/contract/schemas/session'
import type { User } from '@latchkey/contract/schemas/users'
import { isAboveRole } from '@latchkey/core/permission'
import { useMay, useMe, useUser, useUsers } from './queries.ts'

/** `stop`: to end an old secret, which gives nobody anything. */
type KeyDeed = 'change' | 'rotate' | 'stop' | 'delete'

export type KeyRights = {
  readonly may: (deed: KeyDeed) => boolean
  /** Why something is missing that others have; undefined: nothing is. */
  readonly reason: string | undefined
}

const PERMISSIONS = {
  change: 'keys:update',
  rotate: 'keys:rotate',
  stop: 'keys:rotate',
  delete: 'keys:delete',
} as const satisfies Record<KeyDeed, string>
const DEEDS = Object.keys(PERMISSIONS) as readonly KeyDeed[]

/** As the service decides it; a role that is not known stands in nobody's way here. */
function keyRightsOf(
  me: Pick<Me, 'userId' | 'role'>,
  may: (permission: string) => boolean,
  { userId }: Pick<ApiKey, 'userId'>,
  role: User['role'] | undefined,
): KeyRights {
  if (!DEEDS.some((deed) => may(PERMISSIONS[deed]))) {
    return { may: () => false, reason: `You are a ${me.role}: you see keys and change none.` }
  }
  if (me.role === 'developer' && userId !== me.userId) {
    return {
      may: () => false,
      reason: 'This key is another user’s: as a developer you see it, and change only your own.',
    }
  }
  // What takes a power away is no matter of rank.
  const isAbove = role !== undefined && isAboveRole(role, me.role)
  return {
    may: (deed) => may(PERMISSIONS[deed]) && (!isAbove || deed === 'delete' || deed === 'stop'),
    reason: isAbove
      ? `This key belongs to an ${role}, and you are an ${me.role}: you can delete it, and no more. To change, disable or rotate it takes an ${role}.`
      : undefined,
  }
}

/** What whoever is signed in may do with a key, and why not more. */
export function useKeyRights(apiKey: ApiKey): KeyRights {
  const me = useMe()
  const may = useMay()
  // Above an owner is nobody, and a developer's own keys are the developer's.
  const owner = useUser(apiKey.userId, me.role === 'admin' && apiKey.userId !== me.userId)
  return keyRightsOf(me, may, apiKey, owner?.role)
}

/** The same for many, as far as the list of users tells. */
export function useRightsOfKeys(): (apiKey: ApiKey) => KeyRights {
  const me = useMe()
  const may = useMay()
  const users = useUsers()
  return (apiKey) => keyRightsOf(me, may, apiKey, users.find(({ id }) => id === apiKey.userId)?.role)
}
