import { Button, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ApiCall, type ApiCallProps } from './api-call.tsx'
import { CancelButton, Dialog } from './dialog.tsx'
import { NoApiCall } from './no-api-call.tsx'
import { ProblemNotice } from './notice.tsx'
import { useWork } from './use-work.ts'

type ConfirmDialogProps = {
  readonly title: string
  readonly children: ReactNode
  /** The word of the deed: never “OK”. */
  readonly confirm: string
  readonly isDangerous?: boolean
  /** What has to be typed first, where a mistake would be dear. */
  readonly typed?: { readonly text: string; readonly label: string } | undefined
  /** Whether nothing else stands in the way. */
  readonly isPossible?: boolean
  /** What it asks of the API; absent: it is the console's own. */
  readonly call?: ApiCallProps
  /** Many requests, of which closing stops the rest. Without it the dialog stays until the answer is there. */
  readonly isStoppable?: boolean
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. Cancel has the focus. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    title,
    children,
    confirm,
    isDangerous = true,
    typed,
    call,
    isStoppable = false,
    isPossible = true,
  } = props
  const [entered, setEntered] = useState('')
  const { isBusy, error, run } = useWork()
  const isReady = isPossible && (typed === undefined || plain(entered) === plain(typed.text))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(props.onConfirm)
  }
  return (
    <Dialog onClose={props.onClose} title={title} isBusy={isBusy && !isStoppable}>
      <form onSubmit={submit} className="lk-stack">
        {children}
        {typed === undefined || !isPossible ? null : (
          <TextInput
            label={typed.label}
            value={entered}
            onChange={(event) => setEntered(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        <ProblemNotice error={error} />
        <div className="lk-actions">
          <CancelButton isFocused />
          <Button type="submit" color={isDangerous ? 'red' : 'blue'} loading={isBusy} disabled={!isReady}>
            {confirm}
          </Button>
        </div>
        {call === undefined ? <NoApiCall /> : <ApiCall {...call} />}
      </form>
    </Dialog>
  )
}

/** As it is seen: how letters are composed and how wide a gap is cannot be typed after what is shown. */
const plain = (text: string): string => text.normalize('NFC').replace(/\s+/g, ' ').trim()
