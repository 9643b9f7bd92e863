import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ConnectionError } from '../../api/api-error.ts'
import { useMay } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { say } from '../../ui/toasts.tsx'
import { When } from '../../ui/when.tsx'

type BulkBarProps = { readonly rows: readonly ApiKey[]; readonly onDone: () => void }
type Deed = 'disable' | 'delete'

const DEEDS = {
  disable: {
    verb: 'Disable',
    done: 'disabled',
    call: { method: 'PATCH', path: '/keys/:id', body: { enabled: false } },
  },
  delete: { verb: 'Delete', done: 'deleted', call: { method: 'DELETE', path: '/keys/:id' } },
} as const

/** What can be done with several keys at once, each by a request of its own. */
export function BulkBar({ rows, onDone }: BulkBarProps) {
  const may = useMay()
  const client = useQueryClient()
  const [deed, setDeed] = useState<Deed>()
  if (rows.length === 0) return null
  const noun = rows.length === 1 ? 'key' : `${rows.length} keys`
  const run = async (chosen: Deed) => {
    const failures = await doEach(chosen, rows)
    await client.invalidateQueries({ queryKey: ['keys'] })
    const done = rows.length - failures.length
    const count = failures.length === 0 ? String(done) : `${done} of ${rows.length}`
    if (done > 0) say(`${count} ${DEEDS[chosen].done}: dead on all servers.`)
    // Those that are left stay picked: the same button tries them again.
    if (failures.length > 0) throw failures[0]
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
          call={{ ...DEEDS[deed].call, ids: rows.map(({ id }) => id) }}
          onConfirm={() => run(deed)}
          onClose={() => setDeed(undefined)}
        >
          <p>
            {deed === 'delete'
              ? 'They stop at once, on all servers, for good.'
              : 'They stop at once, on all servers, until they are enabled again.'}
          </p>
          <RowList className="lk-text">
            {rows.map(({ id, key, description, lastUsedAt, lastAddress }) => (
              <li key={id}>
                {description ?? 'No description'} <span className="lk-mono">{key}</span>, last used{' '}
                <When at={lastUsedAt} never="never" />
                {lastAddress === null ? '' : ` from ${lastAddress}`}
              </li>
            ))}
          </RowList>
        </ConfirmDialog>
      )}
    </section>
  )
}

/**
 * Does it to one after the other, and answers what failed. What is refused for one says nothing of the next; after a
 * lost network the rest is not tried.
 */
async function doEach(deed: Deed, rows: readonly ApiKey[]): Promise<readonly unknown[]> {
  const failures: unknown[] = []
  for (const [index, { id }] of rows.entries()) {
    try {
      if (deed === 'delete') await request('DELETE', `/keys/${id}`)
      else await request('PATCH', `/keys/${id}`, { body: { enabled: false } })
    } catch (failure) {
      const rest = failure instanceof ConnectionError ? rows.slice(index) : [id]
      failures.push(...rest.map(() => failure))
      if (failure instanceof ConnectionError) break
    }
  }
  return failures
}
