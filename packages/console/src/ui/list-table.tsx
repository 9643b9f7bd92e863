import type { KeyboardEvent, ReactNode } from 'react'
import { LoadingRows } from './loading-rows.tsx'

type ListTableProps = {
  /** For those who hear the page. */
  readonly caption: string
  readonly headings: readonly string[]
  readonly isLoading: boolean
  /** What stands over boxes to pick rows, where there are some. */
  readonly picker?: ReactNode
  readonly children: ReactNode
}

/** One page of a list. `children`: its rows. Up and down go from the link of one row to that of the next. */
export function ListTable({ caption, headings, isLoading, picker, children }: ListTableProps) {
  return (
    <div className="lk-table-wrap">
      <table className="lk-table" onKeyDown={moveBetweenRows} aria-busy={isLoading}>
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

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

function moveBetweenRows(event: KeyboardEvent<HTMLTableElement>): void {
  const step = STEPS[event.key]
  if (step === undefined) return
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row-link]')]
  const at = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement))
  const next = links[at + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}
