import type { ReactNode } from 'react'
import { LoadingRows } from './loading-rows.tsx'
import { useRoving } from './roving.ts'

type ListTableProps = {
  /** For those who hear the page. */
  readonly caption: string
  readonly headings: readonly string[]
  readonly isLoading: boolean
  /** The rows are those of what was asked before: what was asked last is not there yet. */
  readonly isStale?: boolean
  /** What stands over boxes to pick rows, where there are some. */
  readonly picker?: ReactNode
  readonly children: ReactNode
}

/** One page of a list. `children`: its rows. Arrows go from row to row, and within one. */
export function ListTable(props: ListTableProps) {
  const { caption, headings, isLoading, isStale = false, picker, children } = props
  const roving = useRoving<HTMLTableElement>('tbody > tr')
  return (
    <div className="lk-table-wrap">
      <table
        className="lk-table"
        aria-busy={isLoading || isStale}
        data-stale={isStale || undefined}
        {...roving}
      >
        <caption className="lk-hidden">{caption}</caption>
        <thead>
          <tr>
            {picker === undefined ? null : <th className="lk-pick">{picker}</th>}
            {headings.map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {isLoading ? <LoadingRows columns={headings.length + (picker === undefined ? 0 : 1)} /> : null}
          {children}
        </tbody>
      </table>
    </div>
  )
}
