import { Button, PasswordInput, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { signIn } from '../../api/session-calls.ts'
import { ProblemNotice } from '../../ui/notice.tsx'

type SignInFormProps = {
  /** A dialog has a focus of its own. */
  readonly isPage?: boolean
}

/** Email address and password. */
export function SignInForm({ isPage = false }: SignInFormProps) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await signIn(username.trim(), password)
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit} className="lk-stack">
      <TextInput
        label="Email address"
        type="email"
        name="username"
        autoComplete="username"
        required
        withAsterisk={false}
        data-autofocus
        autoFocus={isPage}
        value={username}
        onChange={(event) => setUsername(event.currentTarget.value)}
        error={faultOf(error, 'username')}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={faultOf(error, 'password')}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      <ProblemNotice error={error} />
      <Button type="submit" loading={isBusy} size="md">
        Sign in
      </Button>
    </form>
  )
}
