import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { deploymentQuery, useMe } from '../../api/queries.ts'
import { signOut } from '../../api/session-calls.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { SignOutButton } from '../../ui/sign-out-button.tsx'
import { Deployment } from './deployment.tsx'
import { OwnSessions } from './own-sessions.tsx'
import { PasswordDialog } from './password-dialog.tsx'

/** Who is signed in, in which sessions, and what this deployment is. */
export function SettingsPage() {
  const me = useMe()
  const own = useQuery(deploymentQuery).data?.you
  const [open, setOpen] = useState<'leaving' | 'password'>()
  const close = () => setOpen(undefined)
  return (
    <Page title="Settings" lead="Your session, and what this deployment is.">
      <section className="lk-panel lk-stack">
        <h2>You</h2>
        <dl className="lk-facts">
          <dt>Name</dt>
          <dd className="lk-text">{own?.name ?? '…'}</dd>
          <dt>Email address</dt>
          <dd className="lk-text">{own === undefined ? '…' : (own?.email ?? 'None')}</dd>
          <dt>Role</dt>
          <dd>{me.role}</dd>
          <dt>Session</dt>
          <dd className="lk-mono">{me.credential.id}</dd>
        </dl>
        <div className="lk-row">
          <SignOutButton>Sign out here</SignOutButton>
          <Button variant="default" onClick={() => setOpen('leaving')}>
            Sign out everywhere
          </Button>
          <Button variant="default" onClick={() => setOpen('password')}>
            Change password
          </Button>
        </div>
        <p className="lk-small lk-dim">
          A session ends 15 minutes after your last click, and 12 hours after you signed in. If you have lost
          your password, ask an admin for an invitation, or run <code>npx latchkey users set-password</code>{' '}
          on the server.
        </p>
      </section>
      <OwnSessions />
      <Deployment />
      <ApiCall path="/me" />
      {open === 'leaving' ? (
        <ConfirmDialog
          title="Sign out everywhere?"
          confirm="Sign out everywhere"
          onConfirm={() => signOut(true)}
          onClose={close}
        >
          <p>
            All your sessions end at once, this one too, in every browser and program. Your keys are not
            touched.
          </p>
        </ConfirmDialog>
      ) : null}
      {open === 'password' ? <PasswordDialog onClose={close} /> : null}
    </Page>
  )
}
