import type { Company } from '@latchkey/contract/schemas/companies'
import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type Listed, useMay, useMe } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { actFor } from '../../api/session-calls.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { Badge } from '../../ui/badge.tsx'
import { ListSearch, NoneFound } from '../../ui/list-search.tsx'
import { ListTable } from '../../ui/list-table.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { OnlyWith } from '../../ui/only-with.tsx'
import { Page } from '../../ui/page.tsx'
import { type Cursor, Pager } from '../../ui/pager.tsx'
import { When } from '../../ui/when.tsx'
import { CompanyDialog } from './company-dialog.tsx'
import { CompanyStatusDialog } from './company-status-dialog.tsx'

type Open = { readonly what: 'edit' | 'status' | 'create'; readonly company?: Company }

/** The companies of the deployment, for its operator. */
export function CompaniesPage() {
  return (
    <OnlyWith permission="companies:list" title="Companies">
      <CompanyList />
    </OnlyWith>
  )
}

function CompanyList() {
  const { after, before, search }: Cursor & { readonly search?: string } = useSearch({ strict: false })
  const navigate = useNavigate()
  const may = useMay()
  const [open, setOpen] = useState<Open>()
  const query = { limit: 50, search, startingAfter: after, endingBefore: before }
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery({
    queryKey: ['companies', 'list', query],
    queryFn: async ({ signal }) =>
      (await request<Listed<Company>>('GET', '/companies', { query, signal })).body,
    placeholderData: keepPreviousData,
  })
  const find = (text: string) =>
    void navigate({ to: '/companies', search: text === '' ? {} : { search: text }, replace: true })
  const close = () => setOpen(undefined)
  return (
    <Page
      title="Companies"
      lead="Each has its own users and keys, and sees nothing of the others."
      actions={
        may('companies:create') ? (
          <Button onClick={() => setOpen({ what: 'create' })}>Add company</Button>
        ) : undefined
      }
    >
      <ListSearch placeholder="Name, external id" search={search} onFind={find} error={error} />
      <ProblemNotice error={error} retry={() => void refetch()} />
      {data?.data.length === 0 && search !== undefined ? (
        <NoneFound noun="company" onClear={() => find('')} />
      ) : (
        <ListTable
          caption="Companies, newest first"
          headings={['Name', 'External id', 'Status', 'Created', 'Actions']}
          isLoading={isPending}
          isStale={isPlaceholderData}
        >
          {data?.data.map((company) => (
            <CompanyRow key={company.id} company={company} onOpen={(what) => setOpen({ what, company })} />
          ))}
        </ListTable>
      )}
      <Pager
        page={data}
        noun="companies"
        idOf={({ id }) => id}
        onMove={(cursor) => void navigate({ to: '/companies', search: { search, ...cursor } })}
      />
      <ApiCall path="/companies" query={query} />
      {open?.what === 'create' || open?.what === 'edit' ? (
        <CompanyDialog company={open.company} onClose={close} />
      ) : null}
      {open?.what === 'status' && open.company !== undefined ? (
        <CompanyStatusDialog company={open.company} onClose={close} />
      ) : null}
    </Page>
  )
}

type CompanyRowProps = { readonly company: Company; readonly onOpen: (what: 'edit' | 'status') => void }

function CompanyRow({ company, onOpen }: CompanyRowProps) {
  const may = useMay()
  const me = useMe()
  const navigate = useNavigate()
  const { id, name, externalId, status, createdAt } = company
  const act = () => {
    void actFor({ id, name })
    void navigate({ to: '/keys', search: {} })
  }
  const isOwn = id === me.companyId
  return (
    <tr>
      <td data-label="Name" className="lk-text">
        {name}
        {isOwn ? <span className="lk-dim"> (yours)</span> : null}
      </td>
      <td data-label="External id" className="lk-text">
        {externalId ?? <span className="lk-dim">None</span>}
      </td>
      <td data-label="Status">
        <Badge tone={status === 'active' ? 'green' : 'gray'}>
          {status === 'active' ? 'Active' : 'Deactivated'}
        </Badge>
      </td>
      <td data-label="Created">
        <When at={createdAt} />
      </td>
      <td data-label="Actions">
        {may('companies:update') ? (
          <span className="lk-row">
            {isOwn ? null : (
              <Button size="xs" aria-label={`Act for ${name}`} onClick={act}>
                Act
              </Button>
            )}
            <Button variant="default" size="xs" aria-label={`Edit ${name}`} onClick={() => onOpen('edit')}>
              Edit
            </Button>
            {isOwn ? null : (
              <Button
                variant="default"
                size="xs"
                aria-label={`${status === 'active' ? 'Deactivate' : 'Activate'} ${name}`}
                onClick={() => onOpen('status')}
              >
                {status === 'active' ? 'Deactivate' : 'Activate'}
              </Button>
            )}
          </span>
        ) : null}
      </td>
    </tr>
  )
}
