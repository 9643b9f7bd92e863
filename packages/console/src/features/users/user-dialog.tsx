import type { UpdatedUser, User } from '@latchkey/contract/schemas/users'
import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { useMe } from '../../api/queries.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { ItemForm } from '../../ui/item-form.tsx'
import { say } from '../../ui/toasts.tsx'
import { useSave } from '../../ui/use-save.ts'
import { useWork, type Work } from '../../ui/use-work.ts'
import { GrownUser, hasConsequences } from './grown-user.tsx'

type UserDialogProps = {
  /** undefined: a new one. */
  readonly user: User | undefined
  readonly onClose: () => void
  readonly onInvite: (user: User) => void
}

const ROLES = [
  { value: 'owner', label: 'Owner: everything in the company' },
  { value: 'admin', label: 'Admin: keys, users and the audit log' },
  { value: 'developer', label: 'Developer: own keys, sees all' },
  { value: 'viewer', label: 'Viewer: sees keys, changes nothing' },
] as const

export function UserDialog({ user, onClose, onInvite }: UserDialogProps) {
  const [grown, setGrown] = useState<UpdatedUser>()
  const work = useWork()
  const goOn = (saved: User | UpdatedUser | undefined) => {
    if (saved === undefined) return onClose()
    const isUpdated = 'growingKeys' in saved
    if (isUpdated && hasConsequences(saved)) return setGrown(saved)
    if (!isUpdated && saved.email !== null) return onInvite(saved)
    say('Saved.')
    onClose()
  }
  if (grown !== undefined) {
    return (
      <Dialog onClose={onClose} title={`${grown.name} may do more now`}>
        <GrownUser user={grown} onClose={onClose} onInvite={onInvite} />
      </Dialog>
    )
  }
  return (
    <Dialog onClose={onClose} title={user === undefined ? 'Add user' : 'Edit user'} isBusy={work.isBusy}>
      <UserForm user={user} work={work} onSaved={goOn} />
    </Dialog>
  )
}

type UserFields = {
  readonly name: string
  readonly email: string
  readonly externalId: string
  readonly role: User['role']
}

const fieldsOf = (user: User | undefined): UserFields => ({
  name: user?.name ?? '',
  email: user?.email ?? '',
  externalId: user?.externalId ?? '',
  role: user?.role ?? 'developer',
})

const bodyOf = ({ name, email, externalId, role }: UserFields) => ({
  name: name.trim(),
  role,
  email: email.trim() === '' ? null : email.trim(),
  externalId: externalId.trim() === '' ? null : externalId.trim(),
})

const NAMES = {
  name: 'Name',
  email: 'Email address',
  role: 'Role',
  status: 'Status',
  externalId: 'External id',
  permissions: 'Permissions',
}

type UserFormProps = Pick<UserDialogProps, 'user'> & {
  readonly work: Work
  readonly onSaved: (saved: User | UpdatedUser | undefined) => void
}

function UserForm({ user, work, onSaved }: UserFormProps) {
  const saving = useSave<User, UserFields>({ work, list: 'users', item: user, fieldsOf, bodyOf, onSaved })
  const { email, externalId, role } = saving.fields
  return (
    <ItemForm noun="user" names={NAMES} saving={saving} work={work}>
      <TextInput
        label="Email address"
        description="Only for people who sign in. A program needs none."
        type="email"
        value={email}
        onChange={(event) => saving.set({ email: event.currentTarget.value })}
        error={faultOf(work.error, 'email')}
      />
      <TextInput
        label="External id"
        description="Your application’s own id of this user, if it has one."
        maxLength={200}
        value={externalId}
        onChange={(event) => saving.set({ externalId: event.currentTarget.value })}
        error={faultOf(work.error, 'externalId')}
      />
      <RoleField role={role} onChange={(chosen) => saving.set({ role: chosen })} error={work.error} />
    </ItemForm>
  )
}

type RoleFieldProps = {
  readonly role: User['role']
  readonly onChange: (role: User['role']) => void
  readonly error: unknown
}

/** Nobody gives more than it has; what somebody is shows, too. */
function RoleField({ role, onChange, error }: RoleFieldProps) {
  const me = useMe()
  const own = ROLES.findIndex(({ value }) => value === me.role)
  const roles = ROLES.filter(({ value }, index) => index >= own || value === role)
  return (
    <NativeSelect
      label="Role"
      value={role}
      onChange={(event) => onChange(event.currentTarget.value as User['role'])}
      data={roles}
      error={faultOf(error, 'role')}
    />
  )
}
