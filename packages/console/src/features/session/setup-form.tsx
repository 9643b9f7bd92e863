import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { setUp } from '../../api/session-calls.ts'
import { NewPassword } from '../../ui/new-password.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'

type SetupFormProps = { readonly token: string; readonly onDone: () => void }

/** The first visit, by the link of the terminal: who the owner is, and what the company is called. */
export function SetupForm({ token, onDone }: SetupFormProps) {
  const [values, setValues] = useState({ companyName: '', name: '', email: '', password: '' })
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  document.title = 'Welcome · Latchkey'
  const field = (name: keyof typeof values) => ({
    value: values[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      setValues({ ...values, [name]: event.currentTarget.value }),
    error: faultOf(error, name),
    required: true,
    withAsterisk: false,
  })
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await setUp({ ...values, email: values.email.trim(), token })
      sessionStorage.setItem('latchkey.first-run', '1')
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
          <h1>Welcome to Latchkey</h1>
          <p className="lk-lead">You own this deployment. One form, then your first key.</p>
        </div>
        <TextInput label="Company" autoComplete="organization" autoFocus {...field('companyName')} />
        <TextInput label="Your name" autoComplete="name" {...field('name')} />
        <TextInput
          label="Email address"
          description="You sign in with it. No mail is sent."
          type="email"
          autoComplete="username"
          {...field('email')}
        />
        <NewPassword
          value={values.password}
          onChange={(password) => setValues({ ...values, password })}
          error={faultOf(error, 'password')}
        />
        <ProblemNotice error={error} />
        <Button type="submit" size="md" loading={isBusy}>
          Continue
        </Button>
      </form>
    </main>
  )
}
