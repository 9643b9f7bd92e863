import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { User } from '@latchkey/contract/schemas/users'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type Listed, useMe } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { leave } from '../../api/session-calls.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'

/** Forgets a user for good; one whose keys still work has to lose them first. */
export function UserDeleteDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const client = useQueryClient()
  const me = useMe()
  const { id, name } = user
  const active = useActiveKeys(id)
  const remove = async () => {
    await request('DELETE', `/users/${id}`)
    if (id === me.userId) return leave()
    await client.invalidateQueries()
    say('The user is deleted.')
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Delete ${name}?`}
      confirm="Delete user"
      typed={{ text: name, label: 'Type the name of the user' }}
      isPossible={active.count === 0}
      call={{ method: 'DELETE', path: `/users/${id}` }}
      onConfirm={remove}
      onClose={onClose}
    >
      <ProblemNotice error={active.error} retry={active.retry} />
      {active.count === undefined || active.count === 0 ? null : (
        <Notice tone="warn">
          <p>
            This user has{' '}
            {active.count === 1 ? '1 active key' : `${active.count.toLocaleString()} active keys`}. Programs
            may be using {active.count === 1 ? 'it' : 'them'}: disable or delete{' '}
            <Link to="/keys" search={{ user: id }}>
              {active.count === 1 ? 'this key' : 'these keys'}
            </Link>{' '}
            first.
          </p>
        </Notice>
      )}
      <p>
        Name, email address, external id, password and sessions of this user are gone for good, and what is
        written on its keys. The audit log keeps what the user did, under its id. To shut somebody out for a
        while, deactivate the user instead.
      </p>
      {id === me.userId ? (
        <Notice tone="warn">
          <p>This is you: you are signed out with it, and cannot come back.</p>
        </Notice>
      ) : null}
    </ConfirmDialog>
  )
}

function useActiveKeys(userId: string) {
  const query = { userId, limit: 1 }
  const { data, error, refetch } = useQuery({
    queryKey: ['keys', 'list', query],
    staleTime: 0,
    queryFn: async ({ signal }) => (await request<Listed<ApiKey>>('GET', '/keys', { query, signal })).body,
  })
  return { count: data?.total, error, retry: () => void refetch() }
}
