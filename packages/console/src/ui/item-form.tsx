import { Button, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { faultOf } from '../api/api-error.ts'
import { ApiCall } from './api-call.tsx'
import { CancelButton } from './dialog.tsx'
import { ProblemNotice } from './notice.tsx'
import { differencesIn, StaleNotice } from './stale-notice.tsx'
import type { Saving } from './use-save.ts'
import type { Work } from './use-work.ts'

type Item = { readonly id: string; readonly updatedAt: string }

type ItemFormProps<Of, Fields> = {
  readonly noun: 'user' | 'company'
  /** What somebody else may have changed of it, as the form calls it. */
  readonly names: Partial<Readonly<Record<keyof Of, string>>>
  readonly saving: Saving<Of, Fields>
  readonly work: Work
  /** The fields after the name. */
  readonly children: ReactNode
}

/** What makes something of a list, or changes it: its name, its other fields, and what stands in the way. */
export function ItemForm<Of extends Item, Fields extends { readonly name: string }>(
  props: ItemFormProps<Of, Fields>,
) {
  const { noun, names, saving, work, children } = props
  const { base, theirs } = saving
  return (
    <form onSubmit={saving.submit} className="lk-stack">
      {base === undefined || theirs === undefined ? null : (
        <StaleNotice
          noun={noun}
          now={theirs}
          differences={differencesIn(names, base, theirs)}
          onGoOn={saving.goOn}
        />
      )}
      <TextInput
        label="Name"
        data-autofocus
        required
        withAsterisk={false}
        maxLength={200}
        value={saving.fields.name}
        onChange={(event) => saving.set({ name: event.currentTarget.value } as Partial<Fields>)}
        error={faultOf(work.error, 'name')}
      />
      {children}
      <ProblemNotice error={work.error} />
      <div className="lk-actions">
        <CancelButton />
        <Button type="submit" loading={work.isBusy} disabled={theirs !== undefined}>
          {base === undefined ? `Add ${noun}` : 'Save'}
        </Button>
      </div>
      <ApiCall {...saving.call} />
    </form>
  )
}
