import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type Listed, useMay, useNameOf } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { When } from '../../ui/when.tsx'

/** As many as tell what happened lately. */
const SHOWN = 10

/** What was done to the key, and by whom. */
export function KeyHistory({ keyId }: { readonly keyId: string }) {
  const may = useMay()
  const nameOf = useNameOf()
  const { data, error } = useQuery({
    queryKey: ['audit', 'of', keyId],
    enabled: may('audit:read'),
    queryFn: async ({ signal }) =>
      (
        await request<Listed<AuditEvent>>('GET', '/audit', {
          query: { objectId: keyId, limit: SHOWN },
          signal,
        })
      ).body,
  })
  if (!may('audit:read')) return null
  return (
    <section className="lk-panel">
      <h2>History</h2>
      <ProblemNotice error={error} />
      <RowList className="lk-steps">
        {data?.data.map(({ id, action, at, actor, changes }) => (
          <li key={id}>
            <span aria-hidden="true" className="lk-mark">
              ·
            </span>
            <span>
              <strong>{action}</strong> <When at={at} />
              <br />
              <span className="lk-small lk-dim lk-text">
                by {actor.userId === null ? actor.type : nameOf(actor.userId)}
                {Object.keys(changes).length === 0 ? '' : `: ${Object.keys(changes).join(', ')}`}
              </span>
            </span>
          </li>
        ))}
      </RowList>
      <Link to="/audit" search={{ object: keyId }}>
        All of it
      </Link>
    </section>
  )
}
