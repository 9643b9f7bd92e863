import { Button } from '@mantine/core'
import { apiUrl } from '../../api/base.ts'
import { useMay, useMe } from '../../api/queries.ts'

type NoKeysProps = {
  readonly isFiltered: boolean
  readonly onClear: () => void
  readonly onCreate: () => void
}

/** An empty list says why it is empty, and what to do. */
export function NoKeys({ isFiltered, onClear, onCreate }: NoKeysProps) {
  const may = useMay()
  const { userId } = useMe()
  if (isFiltered) {
    return (
      <div className="lk-table-wrap lk-empty">
        <h2>No key fits these filters</h2>
        <p className="lk-dim">There may be others.</p>
        <Button variant="default" onClick={onClear}>
          Clear filters
        </Button>
      </div>
    )
  }
  return (
    <div className="lk-table-wrap lk-empty">
      <h2>No keys yet</h2>
      <p className="lk-dim">A key lets one program call your API, and can be stopped at any moment.</p>
      {may('keys:create') ? <Button onClick={onCreate}>Create key</Button> : null}
      <pre className="lk-code">
        {`curl -sX POST '${apiUrl}/keys' \\\n  -H "X-API-KEY: $LATCHKEY_API_KEY" \\\n  -H 'Content-Type: application/json' \\\n  -d '{"userId":"${userId}","description":"My first key"}'`}
      </pre>
    </div>
  )
}
