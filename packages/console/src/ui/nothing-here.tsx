import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { request } from '../api/request.ts'
import { ProblemNotice } from './notice.tsx'
import { Page } from './page.tsx'

export function NothingHere() {
  return (
    <Page title="Nothing here" lead="The console has no such page.">
      <Link to="/keys">To the keys</Link>
    </Page>
  )
}

/** No page is ever blank: whatever failed says so. */
export function WentWrong({ error }: { readonly error: unknown }) {
  const [failure, setFailure] = useState(error)
  const loadAgain = async () => {
    try {
      // While nobody answers, loading would put the browser's own error in place of the console.
      await request('GET', '/healthz')
      location.reload()
    } catch (newFailure) {
      setFailure(newFailure)
    }
  }
  return (
    <Page title="This page failed">
      <div className="lk-stack">
        <ProblemNotice error={failure} />
        <div>
          <Button onClick={loadAgain}>Load it again</Button>
        </div>
      </div>
    </Page>
  )
}
