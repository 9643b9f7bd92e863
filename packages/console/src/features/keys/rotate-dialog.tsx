import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button, NativeSelect } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { CancelButton, Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useWork } from '../../ui/use-work.ts'
import { RevealStep } from './reveal-step.tsx'

type RotateDialogProps = { readonly apiKey: ApiKey; readonly onClose: () => void }

const OVERLAPS = [
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
  { value: '2592000', label: '30 days' },
  { value: '0', label: 'Not at all: it leaked' },
]

/** Gives the key a new secret; the old one lives on for a while, so that nothing stands still. */
export function RotateDialog({ apiKey, onClose }: RotateDialogProps) {
  // As it was: what was chosen is not another choice when somebody else rotates the key, or an answer is lost.
  const [isOpen] = useState(apiKey.rotation !== null)
  const [overlap, setOverlap] = useState(isOpen ? '0' : '86400')
  const [isStored, setStored] = useState(false)
  const [isWarned, setWarned] = useState(false)
  const path = `/keys/${apiKey.id}/rotation`
  const body = { overlapSeconds: Number(overlap) }
  const { secret, isBusy, error, rotate, beginAnew } = useRotate(path, body)
  const choose = (value: string) => {
    setOverlap(value)
    beginAnew()
  }
  const close = () => {
    if (secret !== undefined && !isStored) setWarned(true)
    else onClose()
  }
  return (
    <Dialog
      onClose={close}
      title={secret === undefined ? 'Rotate' : 'The new secret'}
      size="lg"
      isBusy={isBusy}
    >
      {secret !== undefined ? (
        <RevealStep
          secret={secret}
          isStored={isStored}
          onStored={setStored}
          isWarned={isWarned}
          onDone={onClose}
        />
      ) : (
        <div className="lk-stack">
          <p>The key keeps its id, its restrictions and its history, and gets a new secret.</p>
          <OverlapField overlap={overlap} isOpen={isOpen} onChange={choose} />
          <ProblemNotice error={error} />
          <div className="lk-actions">
            <CancelButton isFocused />
            <Button onClick={rotate} loading={isBusy} color={overlap === '0' ? 'red' : 'blue'}>
              Rotate
            </Button>
          </div>
          <ApiCall method="POST" path={path} body={body} />
        </div>
      )}
    </Dialog>
  )
}

/** Asks for the new secret. A second try is the same rotation, until another is begun. */
function useRotate(path: string, body: object) {
  const client = useQueryClient()
  const [secret, setSecret] = useState<string>()
  const { isBusy, error, run } = useWork()
  const attempt = useRef<string>(crypto.randomUUID())
  const ask = async () => {
    const headers = { 'idempotency-key': attempt.current }
    setSecret((await request<ApiKey>('POST', path, { body, headers })).body.key)
    void client.invalidateQueries()
  }
  const beginAnew = () => {
    attempt.current = crypto.randomUUID()
  }
  return { secret, isBusy, error, rotate: () => run(ask), beginAnew }
}

type OverlapFieldProps = {
  readonly overlap: string
  /** Another rotation is not finished: only a leak may end it. */
  readonly isOpen: boolean
  readonly onChange: (overlap: string) => void
}

function OverlapField({ overlap, isOpen, onChange }: OverlapFieldProps) {
  return (
    <NativeSelect
      label="How long the old secret still works"
      description={
        overlap === '0'
          ? 'It is dead on all servers as soon as the new one is shown.'
          : 'Long enough to put the new one everywhere. You see when the old one is no longer used, and can end it then.'
      }
      value={overlap}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={isOpen ? OVERLAPS.slice(-1) : OVERLAPS}
    />
  )
}
