import type { UpdatedUser, User } from '@latchkey/contract/schemas/users'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { changedOnly } from '../../api/changed-only.ts'
import { useMe } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
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
  const goOn = (saved: User | UpdatedUser) => {
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
    <Dialog onClose={onClose} title={user === undefined ? 'Add user' : 'Edit user'}>
      <UserForm user={user} onSaved={goOn} onCancel={onClose} />
    </Dialog>
  )
}

type UserFormProps = Pick<UserDialogProps, 'user'> & {
  readonly onSaved: (saved: User | UpdatedUser) => void
  readonly onCancel: () => void
}

function UserForm({ user, onSaved, onCancel }: UserFormProps) {
  const client = useQueryClient()
  const [name, setName] = useState(user?.name ?? '')
  const [email, setEmail] = useState(user?.email ?? '')
  const [role, setRole] = useState<User['role']>(user?.role ?? 'developer')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const typed = { name: name.trim(), role, email: email.trim() === '' ? null : email.trim() }
  const body = changedOnly(user, typed)
  const [method, path] = user === undefined ? ['POST', '/users'] : ['PATCH', `/users/${user.id}`]
  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(body).length === 0) return onCancel()
    setBusy(true)
    setError(undefined)
    try {
      const saved = (await request<User | UpdatedUser>(method!, path!, { body })).body
      await client.invalidateQueries({ queryKey: ['users'] })
      onSaved(saved)
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={save} className="lk-stack">
      <TextInput
        label="Name"
        data-autofocus
        required
        withAsterisk={false}
        maxLength={200}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={faultOf(error, 'name')}
      />
      <TextInput
        label="Email address"
        description="Only for people who sign in. A program needs none."
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={faultOf(error, 'email')}
      />
      <RoleField role={role} onChange={setRole} error={error} />
      <ProblemNotice error={error} />
      <div className="lk-actions">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" loading={isBusy}>
          {user === undefined ? 'Add user' : 'Save'}
        </Button>
      </div>
      <ApiCall method={method!} path={path!} body={body} />
    </form>
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
