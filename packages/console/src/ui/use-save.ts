import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { ApiError } from '../api/api-error.ts'
import { changedOnly } from '../api/changed-only.ts'
import { request } from '../api/request.ts'
import type { ApiCallProps } from './api-call.tsx'
import { useAttempt } from './use-attempt.ts'
import type { Work } from './use-work.ts'

type ToSave<Of, Fields> = {
  readonly work: Work
  readonly list: 'users' | 'companies'
  /** As the list shows it; undefined: a new one. */
  readonly item: Of | undefined
  readonly fieldsOf: (item: Of | undefined) => Fields
  readonly bodyOf: (fields: Fields) => object
  /** undefined: nothing was changed, and nothing asked. */
  readonly onSaved: (saved: Of | undefined) => void
}

export type Saving<Of, Fields> = {
  readonly call: ApiCallProps
  readonly fields: Fields
  readonly set: (changed: Partial<Fields>) => void
  /** As it was when what is typed began; undefined: a new one. */
  readonly base: Of | undefined
  /** As somebody else has made it meanwhile. */
  readonly theirs: Of | undefined
  readonly goOn: () => void
  readonly submit: (event: FormEvent) => void
}

/**
 * What is typed about something of a list, beside what it was when that began and what somebody else made of it
 * meanwhile. Makes what is new, and changes of what there is only what was changed here.
 */
export function useSave<Of extends { readonly id: string }, Fields extends object>(
  toSave: ToSave<Of, Fields>,
): Saving<Of, Fields> {
  const { work, list, item, fieldsOf, bodyOf, onSaved } = toSave
  const client = useQueryClient()
  const onceFor = useAttempt()
  const [base, setBase] = useState(item)
  const [fields, setFields] = useState(fieldsOf(item))
  const [theirs, setTheirs] = useState<Of>()
  const was = base === undefined ? undefined : fieldsOf(base)
  const body = changedOnly(was && bodyOf(was), bodyOf(fields))
  const path = base === undefined ? `/${list}` : `/${list}/${base.id}`

  const save = async () => {
    const saved =
      base === undefined
        ? await request<Of>('POST', path, { body, headers: onceFor(body) })
        : await change(path, base, body)
    if ('theirs' in saved) return setTheirs(saved.theirs)
    await client.invalidateQueries({ queryKey: [list] })
    onSaved(saved.body)
  }
  const goOn = () => {
    if (was === undefined || theirs === undefined) return
    setFields({ ...fieldsOf(theirs), ...changedOnly(was, fields) })
    setBase(theirs)
    setTheirs(undefined)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(body).length === 0) onSaved(undefined)
    else void work.run(save)
  }
  const set = (changed: Partial<Fields>) => setFields({ ...fields, ...changed })
  const call = { method: base === undefined ? 'POST' : 'PATCH', path, body }
  return { call, fields, set, base, theirs, goOn, submit }
}

type Saved<Of> = { readonly body: Of } | { readonly theirs: Of }

/** Nothing, where it is not as it was any more: a row of a list may be minutes old, and has no tag. */
async function change<Of>(path: string, was: Of, body: object): Promise<Saved<Of>> {
  const now = await request<Of>('GET', path)
  if (JSON.stringify(now.body) !== JSON.stringify(was)) return { theirs: now.body }
  const headers = now.etag === undefined ? {} : { 'if-match': now.etag }
  try {
    return await request<Of>('PATCH', path, { body, headers })
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.status !== 412) throw failure
    return { theirs: (await request<Of>('GET', path)).body }
  }
}
