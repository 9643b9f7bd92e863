import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import { useNameOf } from '../../api/queries.ts'
import { ListTable } from '../../ui/list-table.tsx'
import { Tip } from '../../ui/tip.tsx'
import { When } from '../../ui/when.tsx'

type AuditTableProps = {
  /** undefined: not known. */
  readonly rows: readonly AuditEvent[] | undefined
  readonly isLoading: boolean
  readonly isStale: boolean
}

const HEADINGS = ['When', 'What', 'By', 'From', 'To', 'Changes']

export function AuditTable({ rows, isLoading, isStale }: AuditTableProps) {
  const nameOf = useNameOf()
  return (
    <>
      <ListTable
        caption="Audit events, newest first"
        headings={HEADINGS}
        isLoading={isLoading}
        isStale={isStale}
      >
        {rows?.map(({ id, at, action, actor, address, object, changes, requestId }) => (
          <tr key={id}>
            <td data-label="When">
              <When at={at} />
            </td>
            <td data-label="What">
              {requestId === null ? (
                <Action name={action} />
              ) : (
                <Tip lines={[`Request ${requestId}`]}>
                  <Action name={action} />
                </Tip>
              )}
            </td>
            <td data-label="By" className="lk-text">
              {actor.userId === null ? actor.type : nameOf(actor.userId)}
            </td>
            <td data-label="From" className="lk-mono">
              {address ?? '-'}
            </td>
            <td data-label="To" className="lk-text">
              {object.id}
            </td>
            <td data-label="Changes" className="lk-text">
              {textOf(changes)}
            </td>
          </tr>
        ))}
      </ListTable>
      {rows?.length === 0 ? <p className="lk-empty">No event fits.</p> : null}
    </>
  )
}

/** Where there is no room for it in one line, it breaks after what it is about. */
function Action({ name }: { readonly name: string }) {
  const [object, deed] = name.split('.')
  return (
    <>
      {object}.<wbr />
      {deed}
    </>
  )
}

/** Long lists are cut: the whole stands in what is saved. */
const LENGTH_MAX = 160

function textOf(changes: AuditEvent['changes']): string {
  const text = Object.entries(changes)
    .map(([name, value]) =>
      Array.isArray(value) ? `${name}: ${JSON.stringify(value[0])} → ${JSON.stringify(value[1])}` : name,
    )
    .join('; ')
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text
}
