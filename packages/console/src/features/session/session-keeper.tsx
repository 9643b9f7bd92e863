import { Button, Modal } from '@mantine/core'
import { useEffect } from 'react'
import { sessionPhase } from '../../api/session.ts'
import { leave, renew } from '../../api/session-calls.ts'
import { useStore } from '../../api/store.ts'
import { SignInForm } from './sign-in-form.tsx'

/** A session of 15 minutes is renewed so often while somebody is at work, in milliseconds. */
const RENEW_MS = 3 * 60_000

/** Keeps the session of somebody who is at work, and asks for the password over the page when it has ended. */
export function SessionKeeper() {
  const phase = useStore(sessionPhase)
  useEffect(() => {
    let renewedAtMs = Date.now()
    const note = () => {
      if (Date.now() - renewedAtMs < RENEW_MS || sessionPhase.get() !== 'in') return
      renewedAtMs = Date.now()
      // Where it fails the next request finds out, and asks.
      renew().catch(() => {})
    }
    for (const name of ['pointerdown', 'keydown']) addEventListener(name, note, { passive: true })
    return () => {
      for (const name of ['pointerdown', 'keydown']) removeEventListener(name, note)
    }
  }, [])
  return (
    <Modal
      opened={phase === 'ended'}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Your session has ended"
      zIndex={390}
    >
      <div className="lk-stack">
        <p>What you were doing is still here. Sign in, and it goes on.</p>
        <SignInForm />
        <Button variant="subtle" onClick={leave}>
          Leave instead
        </Button>
      </div>
    </Modal>
  )
}
