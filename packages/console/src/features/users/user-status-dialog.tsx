import type { User } from '@latchkey/contract/schemas/users'
import { useQueryClient } from '@tanstack/react-query'
import { useMe } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'

/** Shuts a user out with all its keys, or lets it in again. */
export function UserStatusDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const client = useQueryClient()
  const me = useMe()
  const isActive = user.status === 'active'
  const call = {
    method: 'PATCH',
    path: `/users/${user.id}`,
    body: { status: isActive ? 'inactive' : 'active' },
  }
  const set = async () => {
    await request(call.method, call.path, { body: call.body })
    await client.invalidateQueries()
    say(isActive ? 'Deactivated: its keys are dead on all servers.' : 'Activated: its keys work again.')
    onClose()
  }
  return (
    <ConfirmDialog
      title={`${isActive ? 'Deactivate' : 'Activate'} ${user.name}?`}
      confirm={isActive ? 'Deactivate user' : 'Activate user'}
      isDangerous={isActive}
      call={call}
      onConfirm={set}
      onClose={onClose}
    >
      <p>
        {isActive
          ? 'All its keys, tokens and sessions stop at once, on all servers, until it is activated again.'
          : 'Its keys that are not deleted or expired work again.'}
      </p>
      {user.id === me.userId ? (
        <Notice tone="warn">
          <p>This is you: you are signed out with it.</p>
        </Notice>
      ) : null}
    </ConfirmDialog>
  )
}
