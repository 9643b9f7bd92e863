import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { apiUrl } from '../../api/base.ts'
import { useMe, useUsers } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { signOut } from '../../api/session-calls.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Page } from '../../ui/page.tsx'

type OpenApi = { readonly info: { readonly version: string } }

/** Who is signed in, from where, and what this deployment is. */
export function SettingsPage() {
  const me = useMe()
  const own = useUsers().find(({ id }) => id === me.userId)
  const [isLeaving, setLeaving] = useState(false)
  return (
    <Page title="Settings" lead="Your session, and what this deployment is.">
      <section className="lk-panel">
        <h2>You</h2>
        <dl className="lk-facts">
          <dt>Name</dt>
          <dd className="lk-text">{own?.name ?? me.userId}</dd>
          <dt>Email address</dt>
          <dd className="lk-text">{own?.email ?? 'Not shown to you'}</dd>
          <dt>Role</dt>
          <dd>{me.role}</dd>
          <dt>Your address</dt>
          <dd>
            <span className="lk-mono">{me.address ?? 'unknown'}</span>, as the service sees it through its
            proxies
          </dd>
          <dt>Session</dt>
          <dd className="lk-mono">{me.credential.id}</dd>
        </dl>
        <div className="lk-row">
          <Button variant="default" onClick={() => signOut(false)}>
            Sign out here
          </Button>
          <Button variant="default" onClick={() => setLeaving(true)}>
            Sign out everywhere
          </Button>
        </div>
        <p className="lk-small lk-dim">
          A session ends 15 minutes after your last click, and 12 hours after you signed in. To change your
          password, ask an admin for an invitation, or run <code>npx latchkey users set-password</code> on the
          server.
        </p>
      </section>
      <Deployment />
      <ApiCall path="/me" />
      {isLeaving ? (
        <ConfirmDialog
          title="Sign out everywhere?"
          confirm="Sign out everywhere"
          onConfirm={() => signOut(true)}
          onClose={() => setLeaving(false)}
        >
          <p>
            All your sessions end at once, this one too, in every browser and program. Your keys are not
            touched.
          </p>
        </ConfirmDialog>
      ) : null}
    </Page>
  )
}

function Deployment() {
  const { data } = useQuery({
    queryKey: ['version'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await request<OpenApi>('GET', '/openapi.json')).body.info.version,
  })
  return (
    <section className="lk-panel">
      <h2>This deployment</h2>
      <dl className="lk-facts">
        <dt>API</dt>
        <dd className="lk-mono">{apiUrl}</dd>
        <dt>Version</dt>
        <dd>{data ?? '…'}</dd>
        <dt>Reference</dt>
        <dd>
          <a href={`${apiUrl}/docs`} target="_blank" rel="noopener noreferrer">
            Documentation of the API
          </a>
        </dd>
        <dt>Health</dt>
        <dd>
          <code>npx latchkey doctor</code> on the server looks at clock, store, proxies and secrets.
        </dd>
      </dl>
    </section>
  )
}
