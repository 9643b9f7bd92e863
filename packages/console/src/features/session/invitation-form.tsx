import { Button } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { request } from '../../api/request.ts'
import { leave } from '../../api/session-calls.ts'
import { NewPassword } from '../../ui/new-password.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'

type InvitationFormProps = { readonly token: string; readonly onDone: () => void }

/** Whoever was invited sets a password, and then signs in with it. */
export function InvitationForm({ token, onDone }: InvitationFormProps) {
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  document.title = 'Set your password · Latchkey'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await request('POST', '/auth/password', { body: { token, password } })
      leave()
      onDone()
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <main className="lk-outside">
      <form onSubmit={submit} className="lk-panel lk-stack">
        <div>
          <h1>Set your password</h1>
          <p className="lk-lead">You were invited. Afterwards you sign in with your email address.</p>
        </div>
        <NewPassword value={password} onChange={setPassword} error={faultOf(error, 'password')} autoFocus />
        <ProblemNotice error={error} />
        <Button type="submit" size="md" loading={isBusy}>
          Set password
        </Button>
      </form>
    </main>
  )
}
