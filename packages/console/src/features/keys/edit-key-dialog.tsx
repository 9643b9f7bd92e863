import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { areSound } from '../../api/addresses.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { CancelButton, Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { StaleNotice } from '../../ui/stale-notice.tsx'
import { differencesBetween } from './changed-fields.ts'
import { KeyFormFields } from './key-form-fields.tsx'
import { LockOutNotice } from './lock-out-notice.tsx'
import { useKeyEdit } from './use-key-edit.ts'

type EditKeyDialogProps = {
  /** As it was when the dialog opened, whatever the page behind it learns. */
  readonly apiKey: ApiKey
  readonly etag: string | undefined
  readonly onClose: () => void
}

/** Changes what was changed here and nothing else; what somebody else changed meanwhile is shown, not undone. */
export function EditKeyDialog({ apiKey, etag, onClose }: EditKeyDialogProps) {
  const { base, fields, set, theirs, goOn, lockOut, ...edit } = useKeyEdit(apiKey, etag, onClose)
  const saveButton = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    // The button that had the focus is gone.
    if (base.round > 0) saveButton.current?.focus()
  }, [base.round])
  return (
    <Dialog onClose={onClose} title="Edit key" size="lg" isBusy={edit.isBusy}>
      <form
        className="lk-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void edit.save()
        }}
      >
        {theirs === undefined ? null : (
          <StaleNotice
            noun="key"
            now={theirs.body}
            differences={differencesBetween(base.apiKey, theirs.body)}
            onGoOn={() => goOn(theirs)}
          />
        )}
        <KeyFormFields key={base.round} fields={fields} set={set} error={edit.error} />
        <LockOutNotice apiKey={base.apiKey} entries={fields.entries} lockOut={lockOut} />
        <ProblemNotice error={edit.error} />
        <div className="lk-actions">
          <CancelButton />
          <Button
            ref={saveButton}
            type="submit"
            loading={edit.isBusy}
            disabled={!areSound(fields.entries) || theirs !== undefined}
          >
            Save
          </Button>
        </div>
        <ApiCall method="PATCH" {...edit.request} />
      </form>
    </Dialog>
  )
}
