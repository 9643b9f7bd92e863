import { Button } from '@mantine/core'
import type { Listed } from '../api/queries.ts'

/** Where a page of a list stands: the ids of rows, which stay right whatever comes and goes. */
export type Cursor = { readonly after?: string | undefined; readonly before?: string | undefined }

type PagerProps<Row> = {
  readonly page: Listed<Row> | undefined
  readonly noun: string
  readonly idOf: (row: Row) => string
  readonly onMove: (cursor: Cursor) => void
}

/** How many there are, and the way to the next of them. The buttons stay where they are, and keep the focus. */
export function Pager<Row>({ page, noun, idOf, onMove }: PagerProps<Row>) {
  const [first, last] = [page?.data[0], page?.data.at(-1)]
  const count = page === undefined ? '…' : `${page.total.toLocaleString()}${page.totalIsMinimum ? '+' : ''}`
  const hasNext = page !== undefined && page.nextUrl !== null && last !== undefined
  const hasPrevious = page !== undefined && page.previousUrl !== null && first !== undefined
  return (
    <nav className="lk-pager" aria-label="Pages">
      <span aria-live="polite" className="lk-dim">
        {count} {page?.total === 1 ? noun.replace(/ies$/, 'y').replace(/s$/, '') : noun}
      </span>
      <span className="lk-row">
        <Button
          variant="default"
          aria-disabled={!hasPrevious}
          {...(hasPrevious ? {} : { 'data-disabled': true })}
          onClick={() => hasPrevious && onMove({ before: idOf(first) })}
        >
          Newer
        </Button>
        <Button
          variant="default"
          aria-disabled={!hasNext}
          {...(hasNext ? {} : { 'data-disabled': true })}
          onClick={() => hasNext && onMove({ after: idOf(last) })}
        >
          Older
        </Button>
      </span>
    </nav>
  )
}
