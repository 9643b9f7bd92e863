import { compileAllowlist, isWithin } from '@latchkey/core/allowlist'
import type { Ceiling } from '@latchkey/core/ceiling'
import { compileLimits, type RateLimit, type UseQuota } from '@latchkey/core/limit'
import { compileAuthority, isAboveRole, lacks, type Role } from '@latchkey/core/permission'
import { exceeds, type Reach, UNBOUND } from '@latchkey/core/reach'

/**
 * What a restored store gives back that had been taken away since the backup, in the order in which it is told. Each
 * kind has its sentence in the command that restores.
 */
export const FORGOTTEN_KINDS = [
  'companyDeactivated',
  'companyExternalId',
  'userDeactivated',
  'userDeleted',
  'userDemoted',
  'userPermissions',
  'userEmail',
  'userExternalId',
  'userUnknown',
  'password',
  'invitation',
  'session',
  'keyDeleted',
  'keyDisabled',
  'keyAllowlist',
  'keyPermissions',
  'keyExpiry',
  'keyLimits',
  'keySecret',
  'keyPreviousSecret',
  'keyUnknown',
  'auditPruned',
  'auditErased',
] as const
export type ForgottenKind = (typeof FORGOTTEN_KINDS)[number]

/** A row as it is read from one of the two stores: of whatever release that one is. */
export type StoredRow = Readonly<Record<string, unknown>>

/** Of a company in the restored store, and as it had been. */
export function forgottenOfCompany(restored: StoredRow, old: StoredRow | undefined): ForgottenKind[] {
  if (old === undefined) return []
  return kinds([
    ['companyDeactivated', restored.status === 'active' && old.status === 'inactive'],
    // An outside issuer's tokens may name a company by it.
    ['companyExternalId', isGone(restored.external_id, old.external_id)],
    ['auditPruned', Number(restored.audit_cut ?? 0) < Number(old.audit_cut ?? 0)],
  ])
}

/** Of a user in the restored store, and as it had been. */
export function forgottenOfUser(restored: StoredRow, old: StoredRow | undefined): ForgottenKind[] {
  if (isSet(restored.deleted_at)) return []
  if (old === undefined) return ['userUnknown']
  if (isSet(old.deleted_at)) return ['userDeleted']
  return kinds([
    ['userDeactivated', restored.status === 'active' && old.status === 'inactive'],
    ['userDemoted', isAboveRole(restored.role as Role, old.role as Role)],
    ['userPermissions', mayMore(restored.permissions, old.permissions)],
    ['userEmail', isGone(restored.email, old.email)],
    ['userExternalId', isGone(restored.external_id, old.external_id)],
  ])
}

/** Of a key in the restored store, and as it had been. */
export function forgottenOfKey(restored: StoredRow, old: StoredRow | undefined): ForgottenKind[] {
  if (isSet(restored.deleted_at)) return []
  if (old === undefined) return ['keyUnknown']
  if (isSet(old.deleted_at)) return ['keyDeleted']
  return kinds([
    ['keyDisabled', restored.is_enabled === 1 && old.is_enabled === 0],
    ['keyAllowlist', !isWithin(allowlistOf(restored.whitelisted_ips), allowlistOf(old.whitelisted_ips))],
    ['keyPermissions', mayMore(restored.permissions, old.permissions) || isCeilingHigher(restored, old)],
    ['keyExpiry', isLater(restored.expires_at, old.expires_at)],
    ['keyLimits', exceeds(limitsOf(restored), limitsOf(old)) !== undefined],
    ['keySecret', hexOf(restored.fingerprint) !== hexOf(old.fingerprint)],
  ])
}

/** Of a secret that was replaced and lives on in the restored store; `nowMs`: when it is restored. */
export function forgottenOfSecret(
  restored: StoredRow,
  old: StoredRow | undefined,
  nowMs: number,
): ForgottenKind[] {
  // Without its row it is the key's current secret again: the key tells.
  if (old === undefined || Number(restored.ends_at) <= nowMs) return []
  return kinds([['keyPreviousSecret', isLater(restored.ends_at, old.ends_at)]])
}

/** Of a password, an invitation or a session that is good in the restored store; `nowMs`: when it is restored. */
export function forgottenOfPerson(
  table: 'passwords' | 'invitations' | 'sessions',
  restored: StoredRow,
  old: StoredRow | undefined,
  nowMs: number,
): ForgottenKind[] {
  // Its hash alone changes when it is made anew at a sign-in: the password is the same.
  if (table === 'passwords') return kinds([['password', old?.updated_at !== restored.updated_at]])
  if (Number(restored.expires_at) <= nowMs) return []
  if (table === 'invitations') return kinds([['invitation', old === undefined]])
  const isOpen = (row: StoredRow | undefined) => row !== undefined && !isSet(row.ended_at)
  return kinds([['session', isOpen(restored) && !isOpen(old)]])
}

function kinds(found: readonly (readonly [kind: ForgottenKind, isForgotten: boolean])[]): ForgottenKind[] {
  return found.filter(([, isForgotten]) => isForgotten).map(([kind]) => kind)
}

/** A store of an older release has not the column: that says no more than an empty one. */
const isSet = (value: unknown): boolean => value !== null && value !== undefined

/** Somebody is known by it again who had not been any more. */
const isGone = (restored: unknown, old: unknown): boolean => isSet(restored) && restored !== old

const isLater = (restored: unknown, old: unknown): boolean =>
  isSet(old) && (!isSet(restored) || Number(restored) > Number(old))

const hexOf = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('hex')

const listOf = (text: unknown): string[] | null => parsed<string[]>(text)

const parsed = <T>(text: unknown): T | null => (isSet(text) ? (JSON.parse(String(text)) as T) : null)

/** A key's reach as far as its limits bound it. */
const limitsOf = (row: StoredRow): Reach => ({
  ...UNBOUND,
  limits: compileLimits(parsed<RateLimit[]>(row.rate_limits), parsed<UseQuota>(row.quota)),
})

function allowlistOf(text: unknown) {
  const entries = listOf(text)
  return entries === null ? null : compileAllowlist(entries)
}

/** Whether a list of permissions, of a user or a key, leaves more than another. */
function mayMore(restored: unknown, old: unknown): boolean {
  const [more, less] = [restored, old].map((text) => {
    const list = listOf(text)
    const narrowings = list === null ? [] : [list]
    return compileAuthority({ role: 'owner', isOperator: true, userPermissions: null, narrowings })
  })
  return lacks(less!, more!) !== undefined
}

function isCeilingHigher(restored: StoredRow, old: StoredRow): boolean {
  if (!isSet(old.ceiling)) return false
  if (!isSet(restored.ceiling)) return true
  const [more, less] = [restored, old].map(({ ceiling }) => JSON.parse(String(ceiling)) as Ceiling)
  return (
    isAboveRole(more!.role, less!.role) ||
    mayMore(JSON.stringify(more!.permissions), JSON.stringify(less!.permissions))
  )
}
