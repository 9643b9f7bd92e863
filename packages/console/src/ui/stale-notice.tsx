import type { AuditEvent } from '@latchkey/contract/schemas/audit'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Listed, useMay, useNameOf } from '../api/queries.ts'
import { request } from '../api/request.ts'
import { Notice } from './notice.tsx'
import { When } from './when.tsx'

/** What somebody else has changed, in words. */
export type Difference = { readonly name: string; readonly before: string; readonly now: string }

type StaleNoticeProps = {
  readonly noun: 'key' | 'user' | 'company'
  /** As it is now. */
  readonly now: { readonly id: string; readonly updatedAt: string }
  readonly differences: readonly Difference[]
  readonly onGoOn: () => void
}

/** Somebody else changed what a form is about since that was opened: who, when, and what. */
export function StaleNotice({ noun, now, differences, onGoOn }: StaleNoticeProps) {
  return (
    <Notice tone="bad">
      <p className="lk-text">
        <LastChanger {...now} /> changed this {noun} <When at={now.updatedAt} />. Nothing was saved; what you
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
function LastChanger({ id, updatedAt }: StaleNoticeProps['now']) {
  const may = useMay()
  const nameOf = useNameOf()
  const query = { objectId: id, limit: 1 }
  const { data } = useQuery({
    queryKey: ['audit', 'last', id, updatedAt],
    enabled: may('audit:read'),
    queryFn: async ({ signal }) =>
      (await request<Listed<AuditEvent>>('GET', '/audit', { query, signal })).body.data[0] ?? null,
  })
  if (data === undefined || data === null) return 'Somebody else'
  const { userId, type } = data.actor
  if (userId === null) return type === 'host' ? 'A command on the server' : 'Somebody else'
  return nameOf(userId)
}

/** `names`: what is told of, and what the form calls it. */
export function differencesIn<Of extends object>(
  names: Partial<Readonly<Record<keyof Of, string>>>,
  before: Of,
  now: Of,
): readonly Difference[] {
  const text = (value: unknown) => (value === null ? 'none' : String(value))
  return (Object.keys(names) as (keyof Of)[])
    .map((field) => ({ name: names[field]!, before: text(before[field]), now: text(now[field]) }))
    .filter(({ before: old, now: current }) => old !== current)
}
