import type { ReactNode } from 'react'
import { useRoving } from './roving.ts'

type RowListProps = {
  readonly className?: string
  readonly label?: string
  readonly children: ReactNode
}

/** A list whose items tell more: one stop for the Tab key, and arrows from item to item. */
export function RowList({ className, label, children }: RowListProps) {
  const roving = useRoving<HTMLUListElement>(':scope > li')
  return (
    <ul className={className} aria-label={label} {...roving}>
      {children}
    </ul>
  )
}
