import { Button } from '@mantine/core'
import { acting } from '../../api/acting.ts'
import { useMay, useMe, useUsers } from '../../api/queries.ts'
import { useStore } from '../../api/store.ts'
import { curlOf } from '../../ui/api-call.tsx'

type NoKeysProps = {
  readonly isFiltered: boolean
  readonly onClear: () => void
  readonly onCreate: () => void
}

/** An empty list says why it is empty, and what to do. */
export function NoKeys({ isFiltered, onClear, onCreate }: NoKeysProps) {
  const may = useMay()
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
      <FirstCall />
    </div>
  )
}

/** What makes a key by the API; nothing where that would be refused. */
function FirstCall() {
  const may = useMay()
  const me = useMe()
  const users = useUsers()
  const company = useStore(acting)
  const userId = company === undefined ? me.userId : users.find(({ status }) => status === 'active')?.id
  if (userId === undefined || !may('keys:create')) return null
  const body = { userId, description: 'My first key' }
  return (
    <pre className="lk-code">{curlOf({ method: 'POST', path: '/keys', body, companyId: company?.id })}</pre>
  )
}
