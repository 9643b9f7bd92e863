import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { request } from '../../api/request.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { useAttempt } from '../../ui/use-attempt.ts'
import { useWork } from '../../ui/use-work.ts'
import { CreateKeyForm } from './create-key-form.tsx'
import { RevealStep } from './reveal-step.tsx'

type CreateKeyDialogProps = {
  /** Whose keys are looked at: a new one is for this user first. */
  readonly userId: string | undefined
  readonly onClose: () => void
}

/** One short form that becomes the reveal. The whole secret is in this component's memory, and gone with it. */
export function CreateKeyDialog({ userId, onClose }: CreateKeyDialogProps) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [created, setCreated] = useState<ApiKey>()
  const [isStored, setStored] = useState(false)
  const [isWarned, setWarned] = useState(false)
  const work = useWork()
  const onceFor = useAttempt()
  const create = async (body: object) => {
    setCreated((await request<ApiKey>('POST', '/keys', { body, headers: onceFor(body) })).body)
    void client.invalidateQueries({ queryKey: ['keys'] })
  }
  const close = () => {
    if (created !== undefined && !isStored) setWarned(true)
    else onClose()
  }
  const done = () => {
    onClose()
    if (created !== undefined) void navigate({ to: '/keys/$keyId', params: { keyId: created.id } })
  }
  return (
    <Dialog
      onClose={close}
      title={created === undefined ? 'Create key' : 'Your new key'}
      size="lg"
      isBusy={work.isBusy}
    >
      {created === undefined ? (
        <CreateKeyForm
          lookedAt={userId}
          error={work.error}
          isBusy={work.isBusy}
          onCreate={(body) => work.run(() => create(body))}
        />
      ) : (
        <RevealStep
          secret={created.key}
          isStored={isStored}
          onStored={setStored}
          isWarned={isWarned}
          onDone={done}
        />
      )}
    </Dialog>
  )
}
