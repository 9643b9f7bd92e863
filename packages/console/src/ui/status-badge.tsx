import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Badge } from './badge.tsx'

const REASONS: Readonly<Record<NonNullable<ApiKey['statusReason']>, string>> = {
  deleted: 'Deleted',
  disabled: 'Disabled',
  expired: 'Expired',
  user_inactive: 'User deactivated',
  company_inactive: 'Company deactivated',
}

/** A key about to expire is worth a word. */
const SOON_MS = 7 * 86_400_000

/** Whether a key works, in a word: never by its colour alone. */
export function StatusBadge({ apiKey }: { readonly apiKey: ApiKey }) {
  const { statusReason, expiresAt, rotation } = apiKey
  const isExpiring =
    statusReason === null && expiresAt !== null && new Date(expiresAt).getTime() - Date.now() < SOON_MS
  return (
    <span className="lk-row">
      {statusReason === null ? (
        <Badge tone="green">Active</Badge>
      ) : (
        <Badge tone={statusReason === 'expired' ? 'orange' : 'gray'}>{REASONS[statusReason]}</Badge>
      )}
      {isExpiring ? <Badge tone="orange">Expires soon</Badge> : null}
      {rotation === null ? null : <Badge tone="blue">Rotating</Badge>}
    </span>
  )
}
