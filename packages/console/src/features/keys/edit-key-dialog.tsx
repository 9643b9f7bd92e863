import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button, Modal } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiError } from '../../api/api-error.ts'
import { keyQuery } from '../../api/queries.ts'
import { type Answered, request } from '../../api/request.ts'
import { areSound } from '../../ui/addresses-field.tsx'
import { ApiCall } from '../../ui/api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { changesOf, fieldsOf } from './changed-fields.ts'
import type { KeyFields } from './key-fields.ts'
import { KeyFormFields } from './key-form-fields.tsx'
import { StaleNotice } from './stale-notice.tsx'

type EditKeyDialogProps = {
  readonly apiKey: ApiKey
  readonly etag: string | undefined
  readonly onClose: () => void
}

/** Changes what was changed here and nothing else; what somebody else changed meanwhile is shown, not undone. */
export function EditKeyDialog({ apiKey, etag, onClose }: EditKeyDialogProps) {
  const client = useQueryClient()
  // As it was when the dialog opened, whatever the page behind it learns.
  const [base, setBase] = useState({ apiKey, etag })
  const [fields, setFields] = useState<KeyFields>(fieldsOf(apiKey))
  const [theirs, setTheirs] = useState<Answered<ApiKey>>()
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const set = (changed: Partial<KeyFields>) => setFields({ ...fields, ...changed })
  const body = changesOf(base.apiKey, fields)
  const path = `/keys/${apiKey.id}`
  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(body).length === 0) return onClose()
    setBusy(true)
    setError(undefined)
    try {
      await request('PATCH', path, {
        body,
        headers: base.etag === undefined ? {} : { 'if-match': base.etag },
      })
      await client.invalidateQueries()
      say('Saved.')
      onClose()
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 412) {
        setTheirs(await client.fetchQuery({ ...keyQuery(apiKey.id), staleTime: 0 }))
      } else setError(failure)
      setBusy(false)
    }
  }
  const goOn = (current: Answered<ApiKey>) => {
    setBase({ apiKey: current.body, etag: current.etag })
    setTheirs(undefined)
  }
  return (
    <Modal opened onClose={onClose} title="Edit key" size="lg">
      <form onSubmit={save} className="lk-stack">
        {theirs === undefined ? null : (
          <StaleNotice before={base.apiKey} now={theirs.body} onGoOn={() => goOn(theirs)} />
        )}
        <KeyFormFields fields={fields} set={set} error={error} />
        <ProblemNotice error={error} />
        <div className="lk-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isBusy} disabled={!areSound(fields.entries) || theirs !== undefined}>
            Save
          </Button>
        </div>
        <ApiCall method="PATCH" path={path} body={body} />
      </form>
    </Modal>
  )
}
