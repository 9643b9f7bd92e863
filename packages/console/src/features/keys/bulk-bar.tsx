import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { ApiError, ConnectionError } from '../../api/api-error.ts'
import { useRightsOfKeys } from '../../api/key-rights.ts'
import { request } from '../../api/request.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { say } from '../../ui/toasts.tsx'
import { When } from '../../ui/when.tsx'
import { isInUse } from './last-use.tsx'

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
  const rightsOf = useRightsOfKeys()
  const [deed, setDeed] = useState<Deed>()
  if (rows.length === 0) return null
  const kept = rows.filter((row) => !rightsOf(row).may('change')).length
  return (
    <section className="lk-bulk" aria-label="Picked keys">
      <strong>{rows.length} picked</strong>
      {kept === 0 ? (
        <Button variant="default" onClick={() => setDeed('disable')}>
          Disable
        </Button>
      ) : (
        <span className="lk-dim">{kept} of them can be deleted, but not disabled: by an owner only</span>
      )}
      <Button color="red" onClick={() => setDeed('delete')}>
        Delete
      </Button>
      <Button variant="subtle" onClick={onDone}>
        Clear
      </Button>
      {deed === undefined ? null : (
        <BulkDialog deed={deed} rows={rows} onDone={onDone} onClose={() => setDeed(undefined)} />
      )}
    </section>
  )
}

type BulkDialogProps = BulkBarProps & { readonly deed: Deed; readonly onClose: () => void }

function BulkDialog({ deed, rows, onDone, onClose }: BulkDialogProps) {
  const client = useQueryClient()
  const work = useRef<AbortController>(undefined)
  const { verb, done: word, call } = DEEDS[deed]
  const used = deed === 'delete' ? rows.filter(isInUse).length : 0
  const noun = rows.length === 1 ? 'key' : `${rows.length} keys`
  const run = async () => {
    work.current = new AbortController()
    const { done, failure } = await doEach(deed, rows, work.current.signal)
    work.current = undefined
    await client.invalidateQueries({ queryKey: ['keys'] })
    const count = done === rows.length ? String(done) : `${done} of ${rows.length}`
    if (done > 0) say(`${count} ${word}: dead on all servers.`)
    // Those that are left stay picked: the same button tries them again.
    if (failure !== undefined) throw failure
    onClose()
    if (done === rows.length) onDone()
  }
  // While it is at work, it stops before the next key, and then says how far it came.
  const cancel = () => (work.current === undefined ? onClose() : work.current.abort())
  // Nor does it go on behind another page, or for whoever signs in next.
  useEffect(() => () => work.current?.abort(), [])
  return (
    <ConfirmDialog
      title={`${verb} ${noun}?`}
      confirm={`${verb} ${noun}`}
      call={{ ...call, ids: rows.map(({ id }) => id) }}
      typed={
        used === 0
          ? undefined
          : {
              text: String(rows.length),
              label: `${used} of them in use. Type how many you delete, ${rows.length}`,
            }
      }
      isStoppable
      onConfirm={run}
      onClose={cancel}
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
  )
}

/**
 * Does it to one after the other, and answers how many are done and what failed first. What is refused for one says
 * nothing of the next. After a lost network, and where the session has ended, the rest is not tried: it would be
 * done as whoever signs in next.
 */
async function doEach(deed: Deed, rows: readonly ApiKey[], signal: AbortSignal) {
  let done = 0
  let failure: unknown
  for (const { id } of rows) {
    if (signal.aborted) break
    try {
      if (deed === 'delete') await request('DELETE', `/keys/${id}`)
      else await request('PATCH', `/keys/${id}`, { body: { enabled: false } })
      done += 1
    } catch (refusal) {
      failure ??= refusal
      if (refusal instanceof ConnectionError || (refusal instanceof ApiError && refusal.status === 401)) break
    }
  }
  return { done, failure }
}
