import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { request } from '../../api/request.ts'
import { CancelButton, Dialog } from '../../ui/dialog.tsx'
import { NewPassword } from '../../ui/new-password.tsx'
import { NoApiCall } from '../../ui/no-api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { useWork } from '../../ui/use-work.ts'
import { SESSIONS_KEY } from './own-sessions.tsx'

/** Asks for the password that one has, so that nobody else takes the account over at a browser left open. */
export function PasswordDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient()
  const [currentPassword, setCurrentPassword] = useState('')
  const [password, setPassword] = useState('')
  const { isBusy, error, run } = useWork()
  const change = async () => {
    await request('PUT', '/console/password', { body: { currentPassword, password } })
    await client.invalidateQueries({ queryKey: SESSIONS_KEY })
    say('Your password is changed. Your other sessions have ended.')
    onClose()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(change)
  }
  const isBesideField = ['currentPassword', 'password'].some((name) => faultOf(error, name) !== undefined)
  return (
    <Dialog onClose={onClose} title="Change your password" isBusy={isBusy}>
      <form onSubmit={submit} className="lk-stack">
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus
          value={currentPassword}
          onChange={(event) => setCurrentPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the current password' }}
          error={faultOf(error, 'currentPassword')}
        />
        <NewPassword
          label="New password"
          value={password}
          onChange={setPassword}
          error={faultOf(error, 'password')}
        />
        <p className="lk-small lk-dim">Your other sessions end. Your keys are not touched.</p>
        {isBesideField ? null : <ProblemNotice error={error} />}
        <div className="lk-actions">
          <CancelButton />
          <Button type="submit" loading={isBusy}>
            Change password
          </Button>
        </div>
        <NoApiCall />
      </form>
    </Dialog>
  )
}
