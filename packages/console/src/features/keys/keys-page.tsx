import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { takeList } from '../../api/early.ts'
import { isFiltered, type KeyFilters, queryOfKeys, readKeyFilters } from '../../api/key-filters.ts'
import { type Listed, useMay } from '../../api/queries.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { useHotkey } from '../../ui/use-hotkey.ts'
import { BulkBar } from './bulk-bar.tsx'
import { CreateKeyDialog } from './create-key-dialog.tsx'
import { FilterBar } from './filter-bar.tsx'
import { KeyDays } from './key-days.tsx'
import { KeyMakers } from './key-makers.tsx'
import { KeysTable } from './keys-table.tsx'
import { NoKeys } from './no-keys.tsx'

/** The company's keys. */
export function KeysPage() {
  const filters = readKeyFilters(useSearch({ strict: false }))
  const navigate = useNavigate()
  const may = useMay()
  const search = useRef<HTMLInputElement>(null)
  const [isCreating, setCreating] = useState(isFirstRun)
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const query = queryOfKeys(filters, Date.now())
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['keys', 'list', query],
    queryFn: async ({ signal }) => (await takeList<Listed<ApiKey>>('/keys', { query, signal })).body,
    placeholderData: keepPreviousData,
  })
  useHotkey('/', () => search.current?.focus())
  useHotkey('c', () => may('keys:create') && setCreating(true))
  const go = (next: KeyFilters, replace = false) => {
    setPicked(new Set())
    void navigate({ to: '/keys', search: readKeyFilters(next), replace })
  }
  const rows = data?.data ?? []
  return (
    <Page
      title="Keys"
      lead="Who may call your API, from where, and until when."
      actions={may('keys:create') ? <Button onClick={() => setCreating(true)}>Create key</Button> : undefined}
    >
      <FilterBar filters={filters} onChange={(next) => go(next, true)} searchRef={search} error={error} />
      <ProblemNotice error={error} retry={() => void refetch()} />
      {data !== undefined && rows.length === 0 ? (
        <NoKeys isFiltered={isFiltered(filters)} onClear={() => go({})} onCreate={() => setCreating(true)} />
      ) : (
        <KeyMakers keyIds={rows.map(({ id }) => id)}>
          <KeyDays keyIds={rows.map(({ id }) => id)}>
            <KeysTable
              rows={rows}
              isLoading={isPending}
              isStale={isPlaceholderData}
              picked={picked}
              onPick={setPicked}
            />
          </KeyDays>
        </KeyMakers>
      )}
      <Pager
        page={data}
        noun="keys"
        idOf={({ id }) => id}
        onMove={({ after, before }) => go({ ...filters, after, before })}
      />
      <BulkBar rows={rows.filter(({ id }) => picked.has(id))} onDone={() => setPicked(new Set())} />
      <ApiCall path="/keys" query={query} />
      {isCreating ? <CreateKeyDialog userId={filters.user} onClose={() => setCreating(false)} /> : null}
    </Page>
  )
}

/** Whoever has just set the deployment up makes a key next. */
function isFirstRun(): boolean {
  const isFirst = sessionStorage.getItem('latchkey.first-run') !== null
  sessionStorage.removeItem('latchkey.first-run')
  return isFirst
}
