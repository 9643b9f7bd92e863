import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { maskedKey } from '@latchkey/core/hint'
import type { Secret } from '@latchkey/core/secret'
import { openRotation } from '../../keys/rotate-key.ts'
import type { KeyView } from '../../storage/tables/keys.ts'
import { presentTime, presentTimeOrNull } from './present-time.ts'

/** A key as its company sees it: masked. */
export function presentKey(view: KeyView, nowMs: number): ApiKey {
  return present(view, nowMs, maskedKey({ prefix: view.prefix, lastFour: view.lastFour }))
}

/** A key in the one answer that holds its secret. The only place that reveals. */
export function presentCreatedKey(view: KeyView, nowMs: number, secret: Secret): ApiKey {
  return present(view, nowMs, secret.reveal())
}

function present(view: KeyView, nowMs: number, key: string): ApiKey {
  return {
    id: view.id,
    companyId: view.companyId,
    userId: view.userId,
    key,
    whitelistedIPs: view.whitelistedIPs,
    status: view.status,
    createdAt: presentTime(view.createdAtMs),
    updatedAt: presentTime(view.updatedAtMs),
    deletedAt: presentTimeOrNull(view.deletedAtMs),
    description: view.description,
    expiresAt: presentTimeOrNull(view.expiresAtMs),
    permissions: view.permissions,
    mode: view.mode,
    metadata: view.metadata,
    rateLimits: view.rateLimits,
    quota: view.quota,
    enabled: view.isEnabled,
    statusReason: statusReason(view, nowMs),
    createdBy: view.createdBy,
    lastUsedAt: presentTimeOrNull(view.lastUsedAtMs),
    lastAddress: view.lastAddress,
    lastRefusedAt: presentTimeOrNull(view.lastRefusal?.atMs ?? null),
    lastRefusedCode: view.lastRefusal?.code ?? null,
    lastRefusedAddress: view.lastRefusal?.address ?? null,
    rotation: presentRotation(view, nowMs),
    imported:
      view.imported === null ? null : { source: view.imported.source, at: presentTime(view.imported.atMs) },
  }
}

/** There until the previous secret has ended: tells whether it is still used. */
function presentRotation(view: KeyView, nowMs: number): ApiKey['rotation'] {
  const rotation = openRotation(view, nowMs)
  if (rotation === null) return null
  return {
    startedAt: presentTime(rotation.startedAtMs),
    previousEndsAt: presentTime(rotation.previousEndsAtMs),
    previousKey: maskedKey({ prefix: rotation.previousPrefix, lastFour: rotation.previousLastFour }),
    newFirstUsedAt: presentTimeOrNull(rotation.newFirstUsedAtMs),
    previousLastUsedAt: presentTimeOrNull(rotation.previousLastUsedAtMs),
    previousLastAddress: rotation.previousLastAddress,
  }
}

/** Why the key is refused, in the order in which verification looks. */
function statusReason(view: KeyView, nowMs: number): ApiKey['statusReason'] {
  if (view.deletedAtMs !== null) return 'deleted'
  if (!view.isEnabled) return 'disabled'
  if (view.expiresAtMs !== null && view.expiresAtMs <= nowMs) return 'expired'
  if (view.userStatus === 'inactive') return 'user_inactive'
  return view.companyStatus === 'inactive' ? 'company_inactive' : null
}
