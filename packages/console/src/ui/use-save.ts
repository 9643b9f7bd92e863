import { useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { changedOnly } from '../api/changed-only.ts'
import { request } from '../api/request.ts'
import type { ApiCallProps } from './api-call.tsx'
import type { Work } from './use-work.ts'

type Saving<Fields, Item> = {
  readonly work: Work
  readonly list: 'users' | 'companies'
  /** As it was when the form was opened; undefined: a new one. */
  readonly item: (Fields & { readonly id: string }) | undefined
  readonly fields: Fields
  /** undefined: nothing was changed, and nothing asked. */
  readonly onSaved: (saved: Item | undefined) => void
}

/** The end of a form: makes what is new, and changes of what there is only what was changed here. */
export function useSave<Fields extends object, Item>({
  work,
  list,
  item,
  fields,
  onSaved,
}: Saving<Fields, Item>) {
  const client = useQueryClient()
  const body = changedOnly<object>(item, fields)
  const call: ApiCallProps & { readonly method: string } =
    item === undefined
      ? { method: 'POST', path: `/${list}`, body }
      : { method: 'PATCH', path: `/${list}/${item.id}`, body }
  const save = async () => {
    const saved = (await request<Item>(call.method, call.path, { body })).body
    await client.invalidateQueries({ queryKey: [list] })
    onSaved(saved)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (Object.keys(body).length === 0) onSaved(undefined)
    else void work.run(save)
  }
  return { call, submit }
}
