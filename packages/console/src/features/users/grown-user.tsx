import type { UpdatedUser, User } from '@latchkey/contract/schemas/users'
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../api/queries.ts'
import { Notice } from '../../ui/notice.tsx'
import { isInvitable } from './invite-dialog.tsx'

/** Whether there is something to tell of a change: most change nothing but the user. */
export const hasConsequences = ({ passwordEnded, growingKeys }: UpdatedUser): boolean =>
  passwordEnded || growingKeys.length > 0

type GrownUserProps = {
  readonly user: UpdatedUser
  readonly onClose: () => void
  readonly onInvite: (user: User) => void
}

/** What came of letting a user do more: what ended with it, and which keys grew with it. */
export function GrownUser({ user, onClose, onInvite }: GrownUserProps) {
  const mayInvite = user.passwordEnded && isInvitable(user)
  return (
    <div className="lk-stack">
      <p>Saved.</p>
      {user.passwordEnded ? (
        <Notice tone="warn">
          <p>
            The password and the sessions of this user have ended: whoever gave the password could not give
            what the user may do now. To sign in again takes a new invitation.
          </p>
        </Notice>
      ) : null}
      <GrowingKeys user={user} />
      <div className="lk-actions">
        <Button variant={mayInvite ? 'default' : 'filled'} onClick={onClose}>
          {mayInvite ? 'Not now' : 'Done'}
        </Button>
        {mayInvite ? <Button onClick={() => onInvite(user)}>Invite</Button> : null}
      </div>
    </div>
  )
}

function GrowingKeys({ user: { id, growingKeys } }: Pick<GrownUserProps, 'user'>) {
  const may = useMay()
  const count = growingKeys.reduce((sum, made) => sum + made.count, 0)
  if (count === 0) return null
  return (
    <p>
      {count === 1 ? '1 key of this user may' : `${count} keys of this user may`} do more now, though none
      more than its maker could give when it was made.{' '}
      {may('keys:list') ? (
        <Link to="/keys" search={{ user: id }}>
          {count === 1 ? 'See who made it' : 'See who made them'}
        </Link>
      ) : null}
    </p>
  )
}
