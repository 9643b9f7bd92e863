import { Button } from '@mantine/core'
import { useState } from 'react'
import { useMe, useUsers } from '../../api/queries.ts'
import { signOut } from '../../api/session-calls.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Deployment } from './deployment.tsx'
import { OwnSessions } from './own-sessions.tsx'
import { PasswordDialog } from './password-dialog.tsx'

/** Who is signed in, in which sessions, and what this deployment is. */
export function SettingsPage() {
  const me = useMe()
  const own = useUsers().find(({ id }) => id === me.userId)
  const [open, setOpen] = useState<'leaving' | 'password'>()
  const close = () => setOpen(undefined)
  return (
    <Page title="Settings" lead="Your session, and what this deployment is.">
      <section className="lk-panel lk-stack">
        <h2>You</h2>
        <dl className="lk-facts">
          <dt>Name</dt>
          <dd className="lk-text">{own?.name ?? me.userId}</dd>
          <dt>Email address</dt>
          <dd className="lk-text">{own?.email ?? 'Not shown to you'}</dd>
          <dt>Role</dt>
          <dd>{me.role}</dd>
          <dt>Session</dt>
          <dd className="lk-mono">{me.credential.id}</dd>
        </dl>
        <div className="lk-row">
          <Button variant="default" onClick={() => signOut(false)}>
            Sign out here
          </Button>
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
