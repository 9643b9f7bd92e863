import type { UsageList } from '@latchkey/contract/schemas/usage'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { keyQuery, useName } from '../../api/queries.ts'

type Sums = { readonly list: UsageList | undefined }
type Row = { readonly id: string; readonly total: number; readonly counts: Readonly<Record<string, number>> }

/** Which keys are used most. Their names are asked for one by one: there are 20 at most. */
export function KeySums({ list }: Sums) {
  const rows = (list?.data ?? []) as readonly Row[]
  const keys = useQueries({ queries: rows.map(({ id }) => ({ ...keyQuery(id), staleTime: 60_000 })) })
  return (
    <SumTable title="Keys used most" heading="Key" list={list}>
      {rows.map((row, index) => (
        <SumRow key={row.id} row={row}>
          <Link to="/keys/$keyId" params={{ keyId: row.id }} className="lk-text">
            {keys[index]?.data?.body.description ?? row.id}
          </Link>
        </SumRow>
      ))}
    </SumTable>
  )
}

/** Whose keys are used most: 20 users at most. */
export function UserSums({ list }: Sums) {
  const rows = (list?.data ?? []) as readonly Row[]
  return (
    <SumTable title="Users" heading="User" list={list}>
      {rows.map((row) => (
        <SumRow key={row.id} row={row}>
          <UserLink userId={row.id} />
        </SumRow>
      ))}
    </SumTable>
  )
}

function UserLink({ userId }: { readonly userId: string }) {
  const name = useName(userId)
  return (
    <Link to="/keys" search={{ user: userId }} className="lk-text">
      {name}
    </Link>
  )
}

type SumTableProps = Sums & {
  readonly title: string
  readonly heading: string
  readonly children: ReactNode
}

function SumTable({ title, heading, list, children }: SumTableProps) {
  return (
    <section className="lk-panel" aria-busy={list === undefined}>
      <h2>{title}</h2>
      {list?.total === 0 ? <p className="lk-dim">No use in these days.</p> : null}
      {list === undefined || list.total === 0 ? null : (
        <table className="lk-table">
          <caption className="lk-hidden">{title}, most used first</caption>
          <thead>
            <tr>
              <th scope="col">{heading}</th>
              <th scope="col">Accepted</th>
              <th scope="col">Refused</th>
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
      {list !== undefined && list.total > list.count ? (
        <p className="lk-small lk-dim">
          {list.count} of {list.total.toLocaleString()}: the API pages through all.
        </p>
      ) : null}
    </section>
  )
}

function SumRow({ row, children }: { readonly row: Row; readonly children: ReactNode }) {
  const accepted = row.counts.VALID ?? 0
  return (
    <tr>
      <td data-label="Name">{children}</td>
      <td data-label="Accepted">{accepted.toLocaleString()}</td>
      <td data-label="Refused">{(row.total - accepted).toLocaleString()}</td>
    </tr>
  )
}
