import { RouterProvider } from '@tanstack/react-router'
import { Fragment, useEffect, useState } from 'react'
import { ConnectionError } from './api/api-error.ts'
import { sessionPhase, sessionUser } from './api/session.ts'
import { lookWhoIsIn } from './api/session-calls.ts'
import { useStore } from './api/store.ts'
import { InvitationForm } from './features/session/invitation-form.tsx'
import { SessionKeeper } from './features/session/session-keeper.tsx'
import { SetupForm } from './features/session/setup-form.tsx'
import { SignInPage } from './features/session/sign-in-page.tsx'
import { router } from './router.tsx'
import { ProblemNotice } from './ui/notice.tsx'
import { TipHost } from './ui/tip-host.tsx'
import { Toasts } from './ui/toasts.tsx'

/** Whether the link that was opened brings something that works once. Out of the address bar before anything else. */
const arrival = takeArrival()

function takeArrival(): { readonly kind: string; readonly token: string } | undefined {
  const found = /^#(setup|invitation)=([\w-]+)$/.exec(location.hash)
  if (found === null) return undefined
  history.replaceState(null, '', location.pathname)
  return { kind: found[1]!, token: found[2]! }
}

/** While the service is asked who is there. Seen only where that takes its time. */
function Opening() {
  return (
    <main className="lk-outside lk-opening" role="status">
      Opening the console…
    </main>
  )
}

/** What is shown before it is known who is there, and to whom. */
export function Entrance() {
  const phase = useStore(sessionPhase)
  const user = useStore(sessionUser)
  const [arrived, setArrived] = useState(arrival)
  const [isPasswordNew, setPasswordNew] = useState(false)
  const [error, setError] = useState<unknown>()
  // Whoever signs out again knows it.
  if (phase === 'in' && isPasswordNew) setPasswordNew(false)
  useEffect(() => {
    const look = () => {
      setError(undefined)
      lookWhoIsIn().catch((failure: unknown) => failure instanceof ConnectionError && setError(failure))
    }
    look()
    // Back to a page that the browser has kept: it may be of somebody who has left.
    const shown = (event: PageTransitionEvent) => event.persisted && location.reload()
    addEventListener('pageshow', shown)
    return () => removeEventListener('pageshow', shown)
  }, [])
  if (arrived?.kind === 'setup')
    return <SetupForm token={arrived.token} onDone={() => setArrived(undefined)} />
  if (arrived !== undefined)
    return (
      <InvitationForm
        token={arrived.token}
        onDone={() => {
          setArrived(undefined)
          setPasswordNew(true)
        }}
      />
    )
  if (phase === 'unknown') return <Opening />
  if (phase === 'out') {
    return (
      <>
        {error === undefined ? null : <ProblemNotice error={error} />}
        <SignInPage isPasswordNew={isPasswordNew} />
      </>
    )
  }
  return (
    <Fragment key={user?.id}>
      <RouterProvider router={router} />
      <SessionKeeper />
      <Toasts />
      <TipHost />
    </Fragment>
  )
}
