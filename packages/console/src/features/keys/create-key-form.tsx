import type { User } from '@latchkey/contract/schemas/users'
import { Button, NativeSelect } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { areSound } from '../../api/addresses.ts'
import { faultOf } from '../../api/api-error.ts'
import { useKnownUsers, useMe, useName } from '../../api/queries.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { CancelButton } from '../../ui/dialog.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { withChosen } from '../../ui/with-chosen.ts'
import type { KeyFields } from './key-fields.ts'
import { KeyFormFields } from './key-form-fields.tsx'

type CreateKeyFormProps = {
  readonly lookedAt: string | undefined
  readonly isBusy: boolean
  readonly error: unknown
  readonly onCreate: (body: object) => Promise<void>
}

const EMPTY: KeyFields = {
  description: '',
  entries: [],
  expiresAt: null,
  permissions: null,
  rateLimits: null,
  quota: null,
}

export function CreateKeyForm({ lookedAt, isBusy, error, onCreate }: CreateKeyFormProps) {
  const me = useMe()
  const known = useKnownUsers()
  const users = (known ?? []).filter(({ status }) => status === 'active')
  const isOwnCompany = me.companyId === me.actingCompanyId
  const others = me.role === 'developer' ? undefined : lookedAt
  const [userId, setUserId] = useState(others ?? (isOwnCompany ? me.userId : ''))
  const [mode, setMode] = useState('live')
  const [fields, setFields] = useState(EMPTY)
  const set = (changed: Partial<KeyFields>) => setFields({ ...fields, ...changed })
  const owner = userId === '' ? (users[0]?.id ?? '') : userId
  const body = bodyOf(owner, mode, fields)
  const isNobody = known !== undefined && owner === ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void onCreate(body)
  }
  return (
    <form onSubmit={submit} className="lk-stack">
      <KeyFormFields fields={fields} set={set} error={error} />
      {users.length === 0 || me.role === 'developer' ? null : (
        <OwnerField users={users} owner={owner} onChange={setUserId} error={error} />
      )}
      <KindField mode={mode} onChange={setMode} />
      {isNobody ? (
        <Notice tone="warn">
          <p>
            This company has no active user, and a key belongs to one. <Link to="/users">Add a user</Link>{' '}
            first.
          </p>
        </Notice>
      ) : null}
      <ProblemNotice error={error} />
      <div className="lk-actions">
        <CancelButton />
        <Button type="submit" loading={isBusy} disabled={isNobody || !areSound(fields.entries)}>
          Create key
        </Button>
      </div>
      <ApiCall method="POST" path="/keys" body={body} />
    </form>
  )
}

type OwnerFieldProps = {
  readonly users: readonly User[]
  readonly owner: string
  readonly onChange: (userId: string) => void
  readonly error: unknown
}

function OwnerField({ users, owner, onChange, error }: OwnerFieldProps) {
  const me = useMe()
  const chosen = useName(owner)
  const choices = users.map(({ id, name }) => ({
    value: id,
    label: id === me.userId ? `${name} (you)` : name,
  }))
  return (
    <NativeSelect
      label="User"
      description="Whose key it is. It never may more than its user."
      value={owner}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={withChosen(choices, owner, chosen)}
      error={faultOf(error, 'userId')}
    />
  )
}

function KindField({ mode, onChange }: { readonly mode: string; readonly onChange: (mode: string) => void }) {
  return (
    <NativeSelect
      label="Kind"
      description="Shows in the key itself: lk_live_ or lk_test_."
      value={mode}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: 'live', label: 'Live' },
        { value: 'test', label: 'Test' },
      ]}
    />
  )
}

function bodyOf(userId: string, mode: string, fields: KeyFields) {
  const { description, entries, expiresAt, permissions, rateLimits, quota } = fields
  return {
    userId,
    ...(description.trim() === '' ? {} : { description: description.trim() }),
    ...(entries.length === 0 ? {} : { whitelistedIPs: entries }),
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(permissions === null ? {} : { permissions }),
    ...(rateLimits === null ? {} : { rateLimits }),
    ...(quota === null ? {} : { quota }),
    ...(mode === 'live' ? {} : { mode }),
  }
}
