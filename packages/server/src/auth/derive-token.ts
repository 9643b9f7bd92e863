import { isId, type KeyId } from '@latchkey/core/ids'
import {
  type CompiledAuthority,
  compileAuthority,
  isPermitted,
  lacks,
  narrow,
} from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import type { Engine } from '../storage/engine.ts'
import { findKey } from '../storage/tables/keys.ts'
import { ACCESS_TOKEN_MS, issueToken, type TokenIssuer } from './access-token.ts'

export type DerivedToken = {
  readonly token: string
  readonly expiresAtMs: number
  /** What the token may do at most. */
  readonly authority: CompiledAuthority
}

type Derivation = {
  readonly principal: Principal & { readonly id: string }
  /** Narrows further; the caller has checked that they are held. */
  readonly permissions: readonly string[] | undefined
  readonly issuer: string
  readonly nowMs: number
}

/**
 * Makes an access token that can do no more, from nowhere else and no longer than what it is made from.
 */
export async function deriveToken(
  deps: { readonly engine: Engine; readonly tokenIssuer: TokenIssuer },
  { principal, permissions, issuer, nowMs }: Derivation,
): Promise<DerivedToken> {
  const { id, userId, homeCompanyId } = principal
  if (userId === null || homeCompanyId === null) throw new Error('the host derives no tokens')
  const authority = permissions === undefined ? principal.authority : narrow(principal.authority, permissions)
  const { expiresAtMs: endsAtMs, replaceByMs } = principal
  const expiresAtMs = Math.min(nowMs + ACCESS_TOKEN_MS, endsAtMs ?? Infinity, replaceByMs ?? Infinity)
  const entries = isId('key', id) ? await findEntries(deps.engine, homeCompanyId, id) : null
  const token = await issueToken(deps.tokenIssuer, {
    use: 'access',
    issuer,
    subject: { id: id as KeyId, userId, companyId: homeCompanyId },
    authority,
    secretOrdinal: principal.secretOrdinal,
    outside: principal.token?.subject ?? null,
    entries,
    nowMs,
    expiresAtMs,
  })
  return { token, expiresAtMs, authority }
}

async function findEntries(
  engine: Engine,
  companyId: NonNullable<Principal['homeCompanyId']>,
  id: KeyId,
): Promise<readonly string[] | null> {
  const key = await engine.read((db) => findKey(db, companyId, id), { party: companyId })
  return key?.whitelistedIPs ?? null
}

/**
 * The first of `permissions` (single ones or patterns) that the principal does not hold as a whole. A pattern is all that
 * anybody may have of it: in a company that is not the operator's, `keys:*` is without `keys:import`.
 */
export function findMissing(
  { authority, isOperator }: Pick<Principal, 'authority' | 'isOperator'>,
  permissions: readonly string[],
): string | undefined {
  return permissions.find((permission) => {
    if (!permission.includes('*')) return !isPermitted(authority, permission)
    const all = narrow(ofOwner(isOperator || permission !== 'keys:*'), [permission])
    return lacks(authority, all) !== undefined
  })
}

const ofOwner = (isOperator: boolean): CompiledAuthority =>
  compileAuthority({ role: 'owner', isOperator, userPermissions: null, narrowings: [] })
