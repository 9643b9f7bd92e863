import { compileAllowlist } from '../src/allowlist.ts'
import type { Attempt } from '../src/evaluate.ts'
import type { Fingerprint } from '../src/fingerprint.ts'
import type { CompanyId, KeyId, UserId } from '../src/ids.ts'
import type { VerifiableKey } from '../src/key.ts'
import type { LoadedKey } from '../src/loaded-key.ts'
import { compileAuthority } from '../src/permission.ts'

export const NOW_MS = Date.UTC(2026, 10, 20)

/** An active, unrestricted key of a developer; `changes` say what is different about it. */
export function aKey(changes: Partial<VerifiableKey> = {}): VerifiableKey {
  return {
    id: 'key_1' as KeyId,
    companyId: 'cmp_1' as CompanyId,
    userId: 'usr_1' as UserId,
    mode: 'live',
    isActive: true,
    isUserActive: true,
    isCompanyActive: true,
    expiresAtMs: null,
    allowlist: null,
    role: 'developer',
    isOperator: false,
    authority: compileAuthority({
      role: 'developer',
      isOperator: false,
      userPermissions: null,
      narrowings: [],
    }),
    limits: null,
    metadata: {},
    ...changes,
  }
}

/** The `n`th key as a store answers it. */
export function aLoadedKey(n: number, changes: Partial<VerifiableKey> = {}): LoadedKey {
  return {
    secrets: [{ tag: fingerprintOf(n), ordinal: 1, endsAtMs: null, replaces: null }],
    key: aKey({ id: `key_${n}` as KeyId, ...changes }),
  }
}

/** Those below 10,000 differ in their first 32 bits. */
export const fingerprintOf = (n: number): Fingerprint => String(n).padEnd(32, '.') as Fingerprint

/** An attempt by an operator, from nowhere in particular. */
export function anAttempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    visibleTo: null,
    address: undefined,
    permissions: [],
    exempt: null,
    token: undefined,
    secretOrdinal: null,
    asker: null,
    cost: null,
    nowMs: NOW_MS,
    ...changes,
  }
}

export const onlyFrom = (...entries: string[]) => ({ allowlist: compileAllowlist(entries) })
