import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { KeyRights } from '../../api/key-rights.ts'
import { request } from '../../api/request.ts'
import type { ApiCallProps } from '../../ui/api-call.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { Exactly, When } from '../../ui/when.tsx'

type RotationPanelProps = { readonly apiKey: ApiKey; readonly may: KeyRights['may'] }
type Deed = 'finish' | 'cancel'
const DAY_MS = 86_400_000
/** A time that has come ends the old secret: this one has by any clock, that of the viewer's computer may be ahead. */
const LONG_AGO = new Date(0).toISOString()

/** A rotation that is open: whether the old secret is still used, and what to do next. */
export function RotationPanel({ apiKey, may }: RotationPanelProps) {
  const client = useQueryClient()
  const [deed, setDeed] = useState<Deed>()
  const { rotation } = apiKey
  if (rotation === null) return null
  const path = `/keys/${apiKey.id}/rotation`
  const run = async <Answer,>(work: Promise<Answer>, done: (answer: Answer) => string) => {
    const answer = await work
    await client.invalidateQueries()
    say(done(answer))
    setDeed(undefined)
  }
  const endAt = (previousEndsAt: string) => request<ApiKey>('PATCH', path, { body: { previousEndsAt } })
  const extended = new Date(new Date(rotation.previousEndsAt).getTime() + DAY_MS).toISOString()
  return (
    <section className="lk-panel">
      <h2>Rotation</h2>
      <UsesOf rotation={rotation} />
      <p>
        The old secret <span className="lk-mono">{rotation.previousKey}</span> ends{' '}
        <Exactly at={rotation.previousEndsAt} />.
      </p>
      {may('stop') ? (
        <Deeds
          mayRotate={may('rotate')}
          onPick={setDeed}
          onExtend={() => run(endAt(extended), () => 'The old secret works a day longer.')}
        />
      ) : null}
      {deed === 'finish' ? (
        <FinishDialog
          rotation={rotation}
          call={{ method: 'PATCH', path, body: { previousEndsAt: LONG_AGO } }}
          onConfirm={() => run(endAt(LONG_AGO), saidOfEnd)}
          onClose={() => setDeed(undefined)}
        />
      ) : null}
      {deed === 'cancel' ? (
        <CancelDialog
          call={{ method: 'DELETE', path }}
          onConfirm={() =>
            run(request('DELETE', path), () => 'The new secret is dead on all servers. The old one stays.')
          }
          onClose={() => setDeed(undefined)}
        />
      ) : null}
    </section>
  )
}

const saidOfEnd = ({ body }: { readonly body: ApiKey }): string =>
  body.rotation === null
    ? 'The old secret is dead on all servers.'
    : 'The old secret is not dead yet: the page says when it ends.'

type DeedsProps = {
  /** Who may not can end what was replaced, and give nobody a secret. */
  readonly mayRotate: boolean
  readonly onPick: (deed: Deed) => void
  readonly onExtend: () => Promise<void>
}

/** What can be done next; what is refused at once is said here, and the rest in its dialog. */
function Deeds({ mayRotate, onPick, onExtend }: DeedsProps) {
  const [error, setError] = useState<unknown>()
  const extend = () => {
    setError(undefined)
    onExtend().catch(setError)
  }
  return (
    <>
      <div className="lk-row">
        <Button onClick={() => onPick('finish')}>End the old secret now</Button>
        {mayRotate ? (
          <>
            <Button variant="default" onClick={extend}>
              Give it a day more
            </Button>
            <Button variant="default" onClick={() => onPick('cancel')}>
              Cancel the rotation
            </Button>
          </>
        ) : null}
      </div>
      <ProblemNotice error={error} />
    </>
  )
}

type DeedDialogProps = {
  readonly call: ApiCallProps
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

function FinishDialog({ rotation, ...rest }: DeedDialogProps & UsesOfProps) {
  return (
    <ConfirmDialog title="End the old secret now?" confirm="End the old secret" {...rest}>
      <UsesOf rotation={rotation} />
    </ConfirmDialog>
  )
}

function CancelDialog(props: DeedDialogProps) {
  return (
    <ConfirmDialog title="Cancel the rotation?" confirm="End the new secret" {...props}>
      <p>The new secret stops at once, on all servers. The old one works on as before.</p>
    </ConfirmDialog>
  )
}

type UsesOfProps = { readonly rotation: NonNullable<ApiKey['rotation']> }

/** The answer to “may I close it yet?”. */
function UsesOf({ rotation }: UsesOfProps) {
  const { previousLastUsedAt, previousLastAddress, newFirstUsedAt } = rotation
  return (
    <p>
      {newFirstUsedAt === null ? 'The new secret was not used yet.' : 'The new secret is in use.'}{' '}
      {previousLastUsedAt === null ? (
        'The old one was not used since it was replaced.'
      ) : (
        <>
          The old secret was last used <When at={previousLastUsedAt} />
          {previousLastAddress === null ? '' : ` from ${previousLastAddress}`}.
        </>
      )}
    </p>
  )
}
