import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { say } from '../../ui/toasts.tsx'
import { Exactly, relatively } from '../../ui/when.tsx'

type RotationPanelProps = { readonly apiKey: ApiKey; readonly mayRotate: boolean }
type Deed = 'finish' | 'cancel'
const DAY_MS = 86_400_000

/** A rotation that is open: whether the old secret is still used, and what to do next. */
export function RotationPanel({ apiKey, mayRotate }: RotationPanelProps) {
  const client = useQueryClient()
  const [deed, setDeed] = useState<Deed>()
  const { rotation } = apiKey
  if (rotation === null) return null
  const path = `/keys/${apiKey.id}/rotation`
  const run = async (work: () => Promise<unknown>, done: string) => {
    await work()
    await client.invalidateQueries()
    say(done)
    setDeed(undefined)
  }
  const endAt = (previousEndsAt: string) => request('PATCH', path, { body: { previousEndsAt } })
  const extended = new Date(new Date(rotation.previousEndsAt).getTime() + DAY_MS).toISOString()
  return (
    <section className="lk-panel">
      <h2>Rotation</h2>
      <p>{usesOf(rotation)}</p>
      <p>
        The old secret <span className="lk-mono">{rotation.previousKey}</span> ends{' '}
        <Exactly at={rotation.previousEndsAt} />.
      </p>
      {mayRotate ? (
        <div className="lk-row">
          <Button onClick={() => setDeed('finish')}>End the old secret now</Button>
          <Button
            variant="default"
            onClick={() => run(() => endAt(extended), 'The old secret works a day longer.')}
          >
            Give it a day more
          </Button>
          <Button variant="default" onClick={() => setDeed('cancel')}>
            Cancel the rotation
          </Button>
        </div>
      ) : null}
      {deed === 'finish' ? (
        <FinishDialog
          text={usesOf(rotation)}
          onConfirm={() =>
            run(() => endAt(new Date().toISOString()), 'The old secret is dead on all servers.')
          }
          onClose={() => setDeed(undefined)}
        />
      ) : null}
      {deed === 'cancel' ? (
        <CancelDialog
          onConfirm={() =>
            run(() => request('DELETE', path), 'The new secret is dead on all servers. The old one stays.')
          }
          onClose={() => setDeed(undefined)}
        />
      ) : null}
    </section>
  )
}

type DeedDialogProps = { readonly onConfirm: () => Promise<void>; readonly onClose: () => void }

function FinishDialog({ text, ...rest }: DeedDialogProps & { readonly text: string }) {
  return (
    <ConfirmDialog title="End the old secret now?" confirm="End the old secret" {...rest}>
      <p>{text}</p>
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

/** The answer to “may I close it yet?”. */
function usesOf(rotation: NonNullable<ApiKey['rotation']>): string {
  const { previousLastUsedAt, previousLastAddress, newFirstUsedAt } = rotation
  const isNewUsed = newFirstUsedAt === null ? 'The new secret was not used yet.' : 'The new secret is in use.'
  if (previousLastUsedAt === null) return `${isNewUsed} The old one was not used since it was replaced.`
  const from = previousLastAddress === null ? '' : ` from ${previousLastAddress}`
  return `${isNewUsed} The old secret was last used ${relatively(previousLastUsedAt, Date.now())}${from}.`
}
