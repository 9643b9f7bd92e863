import { type ReactNode, useEffect } from 'react'

type PageProps = {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** What every page has: its name in the tab and on top, one sentence, what can be done here. */
export function Page({ title, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Latchkey`
  }, [title])
  return (
    <>
      <div className="lk-head">
        <div>
          <h1 className="lk-text">{title}</h1>
          {lead === undefined ? null : <p className="lk-lead">{lead}</p>}
        </div>
        {actions === undefined ? null : <div className="lk-row">{actions}</div>}
      </div>
      {children}
    </>
  )
}
