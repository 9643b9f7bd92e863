import type { User } from '@latchkey/contract/schemas/users'
import { isAboveRole } from '@latchkey/core/permission'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type Listed, useMay, useMe } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { Badge } from '../../ui/badge.tsx'
import { ListTable } from '../../ui/list-table.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { OnlyWith } from '../../ui/only-with.tsx'
import { Page } from '../../ui/page.tsx'
import { type Cursor, Pager } from '../../ui/pager.tsx'
import { When } from '../../ui/when.tsx'
import { InviteDialog, isInvitable } from './invite-dialog.tsx'
import { UserDialog } from './user-dialog.tsx'
import { UserStatusDialog } from './user-status-dialog.tsx'

type Open = { readonly what: 'edit' | 'invite' | 'status' | 'create'; readonly user?: User }

/** The people and programs for which keys act. */
export function UsersPage() {
  return (
    <OnlyWith permission="users:list" title="Users">
      <UserList />
    </OnlyWith>
  )
}

function UserList() {
  const { after, before }: Cursor = useSearch({ strict: false })
  const navigate = useNavigate()
  const may = useMay()
  const [open, setOpen] = useState<Open>()
  const query = { limit: 50, startingAfter: after, endingBefore: before }
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['users', 'list', query],
    queryFn: async ({ signal }) => (await request<Listed<User>>('GET', '/users', { query, signal })).body,
  })
  return (
    <Page
      title="Users"
      lead="Whom keys belong to, and who may sign in here."
      actions={
        may('users:create') ? (
          <Button onClick={() => setOpen({ what: 'create' })}>Add user</Button>
        ) : undefined
      }
    >
      <ProblemNotice error={error} retry={() => void refetch()} />
      <ListTable
        caption="Users, newest first"
        headings={['Name', 'Role', 'Email address', 'Status', 'Created', 'Actions']}
        isLoading={isPending}
      >
        {data?.data.map((user) => (
          <UserRow key={user.id} user={user} onOpen={(what) => setOpen({ what, user })} />
        ))}
      </ListTable>
      <Pager
        page={data}
        noun="users"
        idOf={({ id }) => id}
        onMove={(cursor) => void navigate({ to: '/users', search: { ...cursor } })}
      />
      <ApiCall path="/users" query={query} />
      <OpenDialog open={open} onOpen={setOpen} />
    </Page>
  )
}

type OpenDialogProps = { readonly open: Open | undefined; readonly onOpen: (open: Open | undefined) => void }

function OpenDialog({ open, onOpen }: OpenDialogProps) {
  const close = () => onOpen(undefined)
  if (open === undefined) return null
  const { what, user } = open
  if (what === 'create' || what === 'edit') {
    return (
      <UserDialog user={user} onClose={close} onInvite={(saved) => onOpen({ what: 'invite', user: saved })} />
    )
  }
  if (user === undefined) return null
  return what === 'invite' ? (
    <InviteDialog user={user} onClose={close} />
  ) : (
    <UserStatusDialog user={user} onClose={close} />
  )
}

type UserRowProps = { readonly user: User; readonly onOpen: (what: 'edit' | 'invite' | 'status') => void }

function UserRow({ user, onOpen }: UserRowProps) {
  const may = useMay()
  const me = useMe()
  const { id, name, role, email, status, createdAt } = user
  return (
    <tr>
      <td data-label="Name" className="lk-text">
        {may('keys:list') ? (
          <Link to="/keys" search={{ user: id }} title="Keys of this user">
            {name}
          </Link>
        ) : (
          name
        )}
      </td>
      <td data-label="Role">{role}</td>
      <td data-label="Email address" className="lk-text">
        {email ?? <span className="lk-dim">None</span>}
      </td>
      <td data-label="Status">
        <Badge tone={status === 'active' ? 'green' : 'gray'}>
          {status === 'active' ? 'Active' : 'Deactivated'}
        </Badge>
      </td>
      <td data-label="Created">
        <When at={createdAt} />
      </td>
      <td data-label="Actions">
        {may('users:update') && !isAboveRole(role, me.role) ? (
          <span className="lk-row">
            <Button variant="default" size="xs" aria-label={`Edit ${name}`} onClick={() => onOpen('edit')}>
              Edit
            </Button>
            {isInvitable(user) ? (
              <Button
                variant="default"
                size="xs"
                aria-label={`Invite ${name}`}
                onClick={() => onOpen('invite')}
              >
                Invite
              </Button>
            ) : null}
            <Button
              variant="default"
              size="xs"
              aria-label={`${status === 'active' ? 'Deactivate' : 'Activate'} ${name}`}
              onClick={() => onOpen('status')}
            >
              {status === 'active' ? 'Deactivate' : 'Activate'}
            </Button>
          </span>
        ) : null}
      </td>
    </tr>
  )
}
