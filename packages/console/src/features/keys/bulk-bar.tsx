import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { say } from '../../ui/toasts.tsx'
import { When } from '../../ui/when.tsx'

type BulkBarProps = { readonly rows: readonly ApiKey[]; readonly onDone: () => void }
type Deed = 'disable' | 'delete'

const DEEDS = {
  disable: { verb: 'Disable', done: 'disabled' },
  delete: { verb: 'Delete', done: 'deleted' },
} as const

/** What can be done with several keys at once, each by a request of its own. */
export function BulkBar({ rows, onDone }: BulkBarProps) {
  const may = useMay()
  const client = useQueryClient()
  const [deed, setDeed] = useState<Deed>()
  if (rows.length === 0) return null
  const noun = rows.length === 1 ? 'key' : `${rows.length} keys`
  const run = async (chosen: Deed) => {
    for (const { id } of rows) {
      if (chosen === 'delete') await request('DELETE', `/keys/${id}`)
      else await request('PATCH', `/keys/${id}`, { body: { enabled: false } })
    }
    await client.invalidateQueries({ queryKey: ['keys'] })
    say(`${rows.length} ${DEEDS[chosen].done}: dead on all servers.`)
    setDeed(undefined)
    onDone()
  }
  return (
    <section className="lk-bulk" aria-label="Picked keys">
      <strong>{rows.length} picked</strong>
      {may('keys:update') ? (
        <Button variant="default" onClick={() => setDeed('disable')}>
          Disable
        </Button>
      ) : null}
      {may('keys:delete') ? (
        <Button color="red" onClick={() => setDeed('delete')}>
          Delete
        </Button>
      ) : null}
      <Button variant="subtle" onClick={onDone}>
        Clear
      </Button>
      {deed === undefined ? null : (
        <ConfirmDialog
          title={`${DEEDS[deed].verb} ${noun}?`}
          confirm={`${DEEDS[deed].verb} ${noun}`}
          onConfirm={() => run(deed)}
          onClose={() => setDeed(undefined)}
        >
          <p>
            {deed === 'delete'
              ? 'They stop at once, on all servers, for good.'
              : 'They stop at once, on all servers, until they are enabled again.'}
          </p>
          <ul className="lk-text">
            {rows.map(({ id, key, description, lastUsedAt }) => (
              <li key={id}>
                {description ?? 'No description'} <span className="lk-mono">{key}</span>, last used{' '}
                <When at={lastUsedAt} never="never" />
              </li>
            ))}
          </ul>
        </ConfirmDialog>
      )}
    </section>
  )
}
