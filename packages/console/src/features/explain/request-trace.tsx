import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import { useQuery } from '@tanstack/react-query'
import { type Listed, useMay, useNameOf } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Exactly } from '../../ui/when.tsx'
import { momentOf } from './request-id.ts'

/** A change is written within seconds of its request; one that waited for others, within a minute. */
const CHANGES_MS = 60_000

/** What is known of one request: when it came, and what it changed. Of a refused one only the log knows more. */
export function RequestTrace({ requestId }: { readonly requestId: string }) {
  const may = useMay()
  const at = momentOf(requestId)
  const until = new Date(new Date(at).getTime() + CHANGES_MS).toISOString()
  const changes = { since: at, until, limit: 100 }
  const { data, error } = useQuery({
    queryKey: ['audit', 'request', requestId],
    enabled: may('audit:read'),
    queryFn: async ({ signal }) => {
      const { body } = await request<Listed<AuditEvent>>('GET', '/audit', { query: changes, signal })
      return body.data.filter((event) => event.requestId === requestId)
    },
  })
  return (
    <section className="lk-panel lk-stack">
      <h2>This request</h2>
      <p>
        It came <Exactly at={at} />.
      </p>
      <ProblemNotice error={error} />
      {data === undefined || data.length === 0 ? (
        <>
          <p>
            {data === undefined ? '' : 'It changed nothing: it was refused, or it only read. '}The service’s
            log has a line that names its operation, its status and the address that was seen:
          </p>
          <pre className="lk-code">{`grep ${requestId}`}</pre>
          <p>Then name the key above, with that address.</p>
        </>
      ) : (
        <Changes events={data} />
      )}
      {may('audit:read') ? <ApiCall path="/audit" query={changes} /> : null}
    </section>
  )
}

function Changes({ events }: { readonly events: readonly AuditEvent[] }) {
  const nameOf = useNameOf()
  return (
    <>
      <p>It was accepted, and made these changes:</p>
      <ul>
        {events.map(({ id, action, object, actor, address }) => (
          <li key={id} className="lk-text">
            <strong>{action}</strong> of <span className="lk-mono">{object.id}</span>, by{' '}
            {actor.userId === null ? actor.type : nameOf(actor.userId)}
            {address === null ? '' : ` from ${address}`}
          </li>
        ))}
      </ul>
    </>
  )
}
