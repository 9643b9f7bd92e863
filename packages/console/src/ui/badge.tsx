import type { ReactNode } from 'react'

type BadgeProps = {
  readonly tone: 'green' | 'gray' | 'orange' | 'blue'
  readonly children: ReactNode
}

/** A state in a word. There are hundreds on a page: a span of our own costs it a tenth of the library's. */
export function Badge({ tone, children }: BadgeProps) {
  return <span className={`lk-badge lk-badge-${tone}`}>{children}</span>
}
