import type { ReactNode } from 'react'
import { LoadingRows } from './loading-rows.tsx'

type ListTableProps = {
  /** For those who hear the page. */
  readonly caption: string
  readonly headings: readonly string[]
  readonly isLoading: boolean
  readonly children: ReactNode
}

/** One page of a list. `children`: its rows. */
export function ListTable({ caption, headings, isLoading, children }: ListTableProps) {
  return (
    <div className="lk-table-wrap">
      <table className="lk-table" aria-busy={isLoading}>
        <caption className="lk-hidden">{caption}</caption>
        <thead>
          <tr>
            {headings.map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {isLoading ? <LoadingRows columns={headings.length} /> : null}
          {children}
        </tbody>
      </table>
    </div>
  )
}
