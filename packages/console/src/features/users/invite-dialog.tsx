import type { User } from '@latchkey/contract/schemas/users'
import { Button } from '@mantine/core'
import { useState } from 'react'
import { apiUrl } from '../../api/base.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { CancelButton, Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useWork } from '../../ui/use-work.ts'
import { Exactly } from '../../ui/when.tsx'

type Invitation = { readonly token: string; readonly expiresAt: string }

/** Whether a link to set a password is of use to somebody. */
export const isInvitable = ({ email, status }: User): boolean => email !== null && status === 'active'

/** A link with which somebody sets a password. It is shown here once; no mail is sent. */
export function InviteDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const [invitation, setInvitation] = useState<Invitation>()
  const { isBusy, error, run } = useWork()
  const path = `/users/${user.id}/invitation`
  const invite = () => run(async () => setInvitation((await request<Invitation>('POST', path)).body))
  const link = `${apiUrl}/console/#invitation=${invitation?.token}`
  return (
    <Dialog onClose={onClose} title={`Invite ${user.name}`} isBusy={isBusy}>
      <div className="lk-stack">
        {invitation === undefined ? (
          <>
            <p className="lk-text">
              Makes a link with which {user.email} sets a password. It works once, for a day, and ends any
              older one. Hand it over yourself: no mail is sent.
            </p>
            <ProblemNotice error={error} />
            <div className="lk-actions">
              <CancelButton>Not now</CancelButton>
              <Button onClick={invite} loading={isBusy} data-autofocus>
                Make the link
              </Button>
            </div>
            <ApiCall method="POST" path={path} />
          </>
        ) : (
          <>
            <code id="invitation-link" className="lk-code lk-secret">
              {link}
            </code>
            <p>
              It works until <Exactly at={invitation.expiresAt} />, once.
            </p>
            <div className="lk-actions">
              <CopyButton text={link} label="Copy the link" selects="invitation-link" />
              <Button onClick={onClose}>Done</Button>
            </div>
          </>
        )}
      </div>
    </Dialog>
  )
}
