import { Button } from '@mantine/core'
import { ProblemNotice } from './notice.tsx'
import { Page } from './page.tsx'

export function NothingHere() {
  return (
    <Page title="Nothing here" lead="The console has no such page.">
      <a href="../console/keys">To the keys</a>
    </Page>
  )
}

/** No page is ever blank: whatever failed says so. */
export function WentWrong({ error }: { readonly error: unknown }) {
  return (
    <Page title="This page failed">
      <div className="lk-stack">
        <ProblemNotice error={error} />
        <div>
          <Button onClick={() => location.reload()}>Load it again</Button>
        </div>
      </div>
    </Page>
  )
}
