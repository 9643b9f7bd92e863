import { Button, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ApiCall, type ApiCallProps } from './api-call.tsx'
import { Dialog } from './dialog.tsx'
import { NoApiCall } from './no-api-call.tsx'
import { ProblemNotice } from './notice.tsx'

type ConfirmDialogProps = {
  readonly title: string
  readonly children: ReactNode
  /** The word of the deed: never “OK”. */
  readonly confirm: string
  readonly isDangerous?: boolean
  /** What has to be typed first, where a mistake would be dear. */
  readonly typed?: { readonly text: string; readonly label: string } | undefined
  /** What it asks of the API; absent: it is the console's own. */
  readonly call?: ApiCallProps
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. Cancel has the focus. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, confirm, isDangerous = true, typed, call, onConfirm, onClose } = props
  const [entered, setEntered] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const isReady = typed === undefined || entered.trim() === typed.text
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <Dialog onClose={onClose} title={title}>
      <div className="lk-stack">
        {children}
        {typed === undefined ? null : (
          <TextInput
            label={typed.label}
            value={entered}
            onChange={(event) => setEntered(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        <ProblemNotice error={error} />
        <div className="lk-actions">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color={isDangerous ? 'red' : 'blue'} onClick={run} loading={isBusy} disabled={!isReady}>
            {confirm}
          </Button>
        </div>
        {call === undefined ? <NoApiCall /> : <ApiCall {...call} />}
      </div>
    </Dialog>
  )
}
