import type { CompanyId, KeyId, SessionId, UserId } from './ids.ts'

/** What a revocation names: everything that is judged by it is read again. */
export type RevocationScope =
  | { readonly scope: 'key'; readonly id: KeyId }
  | { readonly scope: 'session'; readonly id: SessionId }
  | { readonly scope: 'user'; readonly id: UserId }
  | { readonly scope: 'company'; readonly id: CompanyId }
