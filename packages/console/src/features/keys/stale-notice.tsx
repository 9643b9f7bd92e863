import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Listed, useMay, useNameOf } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { Notice } from '../../ui/notice.tsx'
import { When } from '../../ui/when.tsx'
import { differencesBetween } from './changed-fields.ts'

type StaleNoticeProps = { readonly before: ApiKey; readonly now: ApiKey; readonly onGoOn: () => void }

/** Somebody else changed the key since this was opened: who, when, and what. */
export function StaleNotice({ before, now, onGoOn }: StaleNoticeProps) {
  const differences = differencesBetween(before, now)
  return (
    <Notice tone="bad">
      <p className="lk-text">
        <LastChanger apiKey={now} /> changed this key <When at={now.updatedAt} />. Nothing was saved; what you
        typed is still here.
      </p>
      {differences.length === 0 ? <p>What stands in this form is as it was.</p> : null}
      <ul>
        {differences.map(({ name, before: old, now: current }) => (
          <li key={name} className="lk-text">
            {name}: was {old}, now {current}
          </li>
        ))}
      </ul>
      <Button variant="default" onClick={onGoOn}>
        Go on with my changes
      </Button>
    </Notice>
  )
}

/** By name, where whoever is signed in may read the audit log. */
function LastChanger({ apiKey }: { readonly apiKey: ApiKey }) {
  const may = useMay()
  const nameOf = useNameOf()
  const query = { objectId: apiKey.id, limit: 1 }
  const { data } = useQuery({
    queryKey: ['audit', 'last', apiKey.id, apiKey.updatedAt],
    enabled: may('audit:read'),
    queryFn: async ({ signal }) =>
      (await request<Listed<AuditEvent>>('GET', '/audit', { query, signal })).body.data[0] ?? null,
  })
  if (data === undefined || data === null) return 'Somebody else'
  const { userId, type } = data.actor
  if (userId === null) return type === 'host' ? 'A command on the server' : 'Somebody else'
  return nameOf(userId)
}
