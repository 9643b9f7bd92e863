import type { User } from '@latchkey/contract/schemas/users'
import { isAboveRole } from '@latchkey/core/permission'
import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type Listed, useMay, useMe } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { Badge } from '../../ui/badge.tsx'
import { ListSearch, NoneFound } from '../../ui/list-search.tsx'
import { ListTable } from '../../ui/list-table.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { OnlyWith } from '../../ui/only-with.tsx'
import { Page } from '../../ui/page.tsx'
import { type Cursor, Pager } from '../../ui/pager.tsx'
import { When } from '../../ui/when.tsx'
import { InviteDialog, isInvitable } from './invite-dialog.tsx'
import { UserDeleteDialog } from './user-delete-dialog.tsx'
import { UserDialog } from './user-dialog.tsx'
import { UserStatusDialog } from './user-status-dialog.tsx'

type Deed = 'edit' | 'invite' | 'status' | 'delete'
type Open = { readonly what: Deed | 'create'; readonly user?: User }

type Shown = Cursor & { readonly search?: string }

/** The people and programs for which keys act. */
export function UsersPage() {
  return (
    <OnlyWith permission="users:list" title="Users">
      <UserList />
    </OnlyWith>
  )
}

function UserList() {
  const { after, before, search }: Shown = useSearch({ strict: false })
  const navigate = useNavigate()
  const may = useMay()
  const [open, setOpen] = useState<Open>()
  const query = { limit: 50, search, startingAfter: after, endingBefore: before }
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['users', 'list', query],
    queryFn: async ({ signal }) => (await request<Listed<User>>('GET', '/users', { query, signal })).body,
    placeholderData: keepPreviousData,
  })
  const find = (text: string) =>
    void navigate({ to: '/users', search: text === '' ? {} : { search: text }, replace: true })
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
      <ListSearch
        placeholder="Name, email address, external id"
        search={search}
        onFind={find}
        error={error}
      />
      <ProblemNotice error={error} retry={() => void refetch()} />
      {data?.data.length === 0 && search !== undefined ? (
        <NoneFound noun="user" onClear={() => find('')} />
      ) : data?.total === 0 ? (
        <NoUsers />
      ) : (
        <ListTable
          caption="Users, newest first"
          headings={['Name', 'Role', 'Email address', 'Status', 'Created', 'Actions']}
          isLoading={isPending}
          isStale={isPlaceholderData}
        >
          {data?.data.map((user) => (
            <UserRow key={user.id} user={user} onOpen={(what) => setOpen({ what, user })} />
          ))}
        </ListTable>
      )}
      <Pager
        page={data}
        noun="users"
        idOf={({ id }) => id}
        onMove={(cursor) => void navigate({ to: '/users', search: { search, ...cursor } })}
      />
      <ApiCall path="/users" query={query} />
      <OpenDialog open={open} onOpen={setOpen} />
    </Page>
  )
}

/** As the operator sees a company that it has just made. */
function NoUsers() {
  return (
    <div className="lk-table-wrap lk-empty">
      <h2>No users yet</h2>
      <p className="lk-dim">A key belongs to a user, a person or a program, and never may more than that.</p>
    </div>
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
  if (what === 'invite') return <InviteDialog user={user} onClose={close} />
  if (what === 'delete') return <UserDeleteDialog user={user} onClose={close} />
  return <UserStatusDialog user={user} onClose={close} />
}

type UserRowProps = { readonly user: User; readonly onOpen: (what: Deed) => void }

function UserRow({ user, onOpen }: UserRowProps) {
  const may = useMay()
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
        <Deeds user={user} onOpen={onOpen} />
      </td>
    </tr>
  )
}

/** What may be done with a user; why nothing, where others have something. */
function Deeds({ user, onOpen }: UserRowProps) {
  const may = useMay()
  const me = useMe()
  if (!may('users:update')) return null
  if (isAboveRole(user.role, me.role)) return <span className="lk-dim">By an {user.role} only</span>
  const toggle = user.status === 'active' ? 'Deactivate' : 'Activate'
  return (
    <span className="lk-row">
      <DeedButton verb="Edit" user={user} onClick={() => onOpen('edit')} />
      {isInvitable(user) ? <DeedButton verb="Invite" user={user} onClick={() => onOpen('invite')} /> : null}
      <DeedButton verb={toggle} user={user} onClick={() => onOpen('status')} />
      {may('users:delete') ? <DeedButton verb="Delete" user={user} onClick={() => onOpen('delete')} /> : null}
    </span>
  )
}

type DeedButtonProps = { readonly verb: string; readonly user: User; readonly onClick: () => void }

function DeedButton({ verb, user, onClick }: DeedButtonProps) {
  return (
    <Button variant="default" size="xs" aria-label={`${verb} ${user.name}`} onClick={onClick}>
      {verb}
    </Button>
  )
}
