import { Button } from '@mantine/core'
import { useState } from 'react'
import { signOut } from '../api/session-calls.ts'
import { ProblemNotice } from './notice.tsx'

/** Ends this session. Where no answer comes somebody is still signed in, and is told so. */
export function SignOutButton({ children }: { readonly children: string }) {
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const leave = () => {
    setBusy(true)
    setError(undefined)
    signOut(false)
      .catch(setError)
      .finally(() => setBusy(false))
  }
  return (
    <>
      <Button variant="default" onClick={leave} loading={isBusy}>
        {children}
      </Button>
      <ProblemNotice error={error} />
    </>
  )
}
