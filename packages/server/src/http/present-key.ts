import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { maskedKey } from '@latchkey/core/hint'
import type { Secret } from '@latchkey/core/secret'
import type { KeyView } from '../storage/keys.ts'
import { presentTime, presentTimeOrNull } from './present-time.ts'

/** A key as its company sees it: masked. */
export function presentKey(view: KeyView, nowMs: number): ApiKey {
  return present(view, nowMs, maskedKey({ prefix: view.prefix, lastFour: view.last_four }))
}

/** A key in the one answer that holds its secret. The only place that reveals. */
export function presentCreatedKey(view: KeyView, nowMs: number, secret: Secret): ApiKey {
  return present(view, nowMs, secret.reveal())
}

function present(view: KeyView, nowMs: number, key: string): ApiKey {
  return {
    id: view.id,
    companyId: view.company_id,
    userId: view.user_id,
    key,
    whitelistedIPs: view.whitelisted_ips === null ? null : (JSON.parse(view.whitelisted_ips) as string[]),
    status: view.status,
    createdAt: presentTime(view.created_at),
    updatedAt: presentTime(view.updated_at),
    deletedAt: presentTimeOrNull(view.deleted_at),
    description: view.description,
    expiresAt: presentTimeOrNull(view.expires_at),
    permissions: view.permissions === null ? null : (JSON.parse(view.permissions) as string[]),
    mode: view.mode,
    metadata: JSON.parse(view.metadata) as Record<string, string>,
    enabled: view.is_enabled === 1,
    statusReason: statusReason(view, nowMs),
    createdBy: view.created_by,
    lastUsedAt: presentTimeOrNull(view.last_used_at),
  }
}

/** Why the key is refused, in the order in which verification looks. */
function statusReason(view: KeyView, nowMs: number): ApiKey['statusReason'] {
  if (view.deleted_at !== null) return 'deleted'
  if (view.is_enabled === 0) return 'disabled'
  if (view.expires_at !== null && view.expires_at <= nowMs) return 'expired'
  if (view.user_status === 'inactive') return 'user_inactive'
  return view.company_status === 'inactive' ? 'company_inactive' : null
}

/** The row's version, as a strong entity tag (RFC 9110 §8.8.3). */
export const etagOf = (view: Pick<KeyView, 'version'>): string => `"${view.version}"`
