import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../api/api-error.ts'
import { keyQuery } from '../../api/queries.ts'
import { type Answered, request } from '../../api/request.ts'
import { say } from '../../ui/toasts.tsx'
import { useWork } from '../../ui/use-work.ts'
import { changesOf, fieldsOf, mergedFields } from './changed-fields.ts'
import type { KeyFields } from './key-fields.ts'
import { useLockOut } from './use-lock-out.ts'

/** What is typed about a key, beside what it was when that began and what somebody else made of it meanwhile. */
export function useKeyEdit(apiKey: ApiKey, etag: string | undefined, onDone: () => void) {
  const client = useQueryClient()
  const [base, setBase] = useState({ apiKey, etag, round: 0 })
  const [fields, setFields] = useState<KeyFields>(fieldsOf(apiKey))
  const [theirs, setTheirs] = useState<Answered<ApiKey>>()
  const { isBusy, error, run } = useWork()
  const lockOut = useLockOut(base.apiKey, fields.entries)
  const body = changesOf(base.apiKey, fields)
  const path = `/keys/${apiKey.id}`

  const save = async () => {
    if (Object.keys(body).length === 0) return onDone()
    if (!(await lockOut.settle())) return
    const headers = base.etag === undefined ? {} : { 'if-match': base.etag }
    await request('PATCH', path, { body, headers })
    await client.invalidateQueries()
    say('Saved.')
    onDone()
  }
  const lookWhatChanged = async (failure: unknown) => {
    if (!(failure instanceof ApiError) || failure.status !== 412) throw failure
    setTheirs(await client.fetchQuery({ ...keyQuery(apiKey.id), staleTime: 0 }))
  }
  const goOn = (current: Answered<ApiKey>) => {
    setFields(mergedFields(fieldsOf(base.apiKey), fields, fieldsOf(current.body)))
    setBase({ apiKey: current.body, etag: current.etag, round: base.round + 1 })
    setTheirs(undefined)
  }
  return {
    base,
    fields,
    set: (changed: Partial<KeyFields>) => setFields({ ...fields, ...changed }),
    theirs,
    goOn,
    lockOut,
    request: { path, body },
    save: () => run(() => save().catch(lookWhatChanged)),
    isBusy,
    error,
  }
}
