import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import { Button, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import type { Listed } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { OnlyWith } from '../../ui/only-with.tsx'
import { Page } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { AuditTable } from './audit-table.tsx'
import { exportEvents } from './export-events.ts'
import { useActor } from './use-actor.ts'

type AuditFilters = {
  readonly action?: string
  readonly actor?: string
  readonly object?: string
  readonly after?: string
  readonly before?: string
}

/** Who did what, to what, and when. */
export function AuditPage() {
  return (
    <OnlyWith permission="audit:read" title="Audit">
      <EventList />
    </OnlyWith>
  )
}

function EventList() {
  const filters: AuditFilters = useSearch({ strict: false })
  const navigate = useNavigate()
  const by = useActor(filters.actor)
  const wanted = { action: filters.action, actorId: by.id, objectId: filters.object }
  const query = { limit: 50, ...wanted, startingAfter: filters.after, endingBefore: filters.before }
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['audit', 'list', query],
    queryFn: async ({ signal }) =>
      (await request<Listed<AuditEvent>>('GET', '/audit', { query, signal })).body,
    placeholderData: keepPreviousData,
  })
  const go = (next: AuditFilters) => void navigate({ to: '/audit', search: { ...next } })
  return (
    <Page
      title="Audit"
      lead="Every change, with who asked for it. Nobody can edit it, here or in the database."
    >
      <FilterForm filters={filters} onChange={go} error={error} unknown={by.unknown} />
      <ProblemNotice error={error} retry={() => void refetch()} />
      <AuditTable rows={data?.data} isLoading={isPending} isStale={isPlaceholderData} />
      <Pager
        page={data}
        noun="events"
        idOf={({ id }) => id}
        onMove={(cursor) => go({ ...filters, ...blank, ...definedOf(cursor) })}
      />
      <ExportBar query={wanted} />
      <ApiCall path="/audit" query={query} />
    </Page>
  )
}

const blank = { after: undefined, before: undefined } as unknown as object

const definedOf = (cursor: object): object =>
  Object.fromEntries(Object.entries(cursor).filter(([, value]) => value !== undefined))

type FilterFormProps = {
  readonly filters: AuditFilters
  readonly onChange: (filters: AuditFilters) => void
  readonly error: unknown
  /** Why nobody is found under what stands in “By”. */
  readonly unknown: string | undefined
}

const textsOf = ({ action = '', actor = '', object = '' }: AuditFilters) => ({ action, actor, object })

/** Fields by what the API calls them. */
const PARAMETERS = { action: 'action', actor: 'actorId', object: 'objectId' } as const

function FilterForm({ filters, onChange, error, unknown }: FilterFormProps) {
  const [texts, setTexts] = useState(textsOf(filters))
  const [applied, setApplied] = useState(filters)
  // Back, a link, or Clear: the fields follow, and stay the same fields, so that the focus is not lost.
  if (JSON.stringify(textsOf(applied)) !== JSON.stringify(textsOf(filters))) {
    setApplied(filters)
    setTexts(textsOf(filters))
  }
  const field = (name: keyof typeof texts) => ({
    value: texts[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      setTexts({ ...texts, [name]: event.currentTarget.value }),
    error: faultOf(error, PARAMETERS[name]),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onChange(Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim() !== '')))
  }
  const clear = () => {
    setTexts(textsOf({}))
    onChange({})
  }
  return (
    <form className="lk-filters" onSubmit={submit}>
      <TextInput label="Action" placeholder="key.deleted" {...field('action')} />
      <TextInput
        label="By"
        placeholder="Name, or an id"
        {...field('actor')}
        error={faultOf(error, PARAMETERS.actor) ?? unknown}
      />
      <TextInput label="To" placeholder="Id of a key, user or company" {...field('object')} />
      <Button type="submit" variant="default">
        Filter
      </Button>
      <Button variant="subtle" onClick={clear}>
        Clear filters
      </Button>
    </form>
  )
}

function ExportBar({ query }: { readonly query: Readonly<Record<string, string | undefined>> }) {
  const [busy, setBusy] = useState<string>()
  const [error, setError] = useState<unknown>()
  const save = async (form: 'csv' | 'jsonl') => {
    setBusy(form)
    setError(undefined)
    try {
      await exportEvents(query, form)
    } catch (failure) {
      setError(failure)
    }
    setBusy(undefined)
  }
  return (
    <div className="lk-stack">
      <ProblemNotice error={error} />
      <div className="lk-row">
        <span className="lk-dim">Save these events, 10,000 at most:</span>
        <Button variant="default" loading={busy === 'csv'} onClick={() => save('csv')}>
          CSV
        </Button>
        <Button variant="default" loading={busy === 'jsonl'} onClick={() => save('jsonl')}>
          JSON lines
        </Button>
      </div>
    </div>
  )
}
