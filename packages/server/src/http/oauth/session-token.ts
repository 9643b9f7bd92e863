import type { Address } from '@latchkey/core/address'
import { IN_FORCE } from '@latchkey/core/evaluate'
import type { SessionId } from '@latchkey/core/ids'
import { issueToken } from '../../auth/access-token.ts'
import type { Services } from '../../services.ts'
import { refusalError } from '../../verification/refusal.ts'
import { tokenIssuerName } from './token-issuer-name.ts'

/**
 * The token of a session, for as long as the session lasts. Asks the engine about the session first, as every
 * later use will: a user or company that was deactivated meanwhile gets no token. Throws AppError.
 */
export async function issueSessionToken(
  deps: Pick<Services, 'verifier' | 'tokenIssuer' | 'clock' | 'config'>,
  sessionId: SessionId,
  expiresAtMs: number,
  { address, origin }: { readonly address: Address | undefined; readonly origin: string },
): Promise<string> {
  const nowMs = deps.clock.nowMs()
  const use = { ...IN_FORCE, address, nowMs }
  const outcome = await deps.verifier.verifyById(sessionId, use)
  if (outcome.code !== 'VALID') throw refusalError(outcome, use)
  const { key } = outcome
  return issueToken(deps.tokenIssuer, {
    use: 'session',
    issuer: tokenIssuerName(origin, deps.config.publicUrl),
    subject: key,
    outside: null,
    authority: key.authority,
    secretOrdinal: null,
    entries: null,
    nowMs,
    expiresAtMs,
  })
}
