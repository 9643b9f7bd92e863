import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMay, useMe } from '../api/queries.ts'
import { Page } from './page.tsx'

type OnlyWithProps = {
  readonly permission: string
  readonly title: string
  /** Is not there, and asks for nothing, where it would be refused. */
  readonly children: ReactNode
}

/** A page that not everybody may see. A link that somebody else has sent leads others here, too. */
export function OnlyWith({ permission, title, children }: OnlyWithProps) {
  const may = useMay()
  const me = useMe()
  if (may(permission)) return children
  return (
    <Page title={title} lead={`Your role, ${me.role}, does not show you this page: it takes ${permission}.`}>
      <p>
        An owner of your company can give you another role. <Link to="/keys">To the keys</Link>
      </p>
    </Page>
  )
}
