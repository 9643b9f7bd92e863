import { AppError } from '@latchkey/core/error'
import type { Attempt } from '@latchkey/core/evaluate'
import { isId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import { isPermitted } from '@latchkey/core/permission'
import { type PresentedToken, principalOf } from '@latchkey/core/principal'
import { TOKEN_LENGTH_MAX } from '../auth/access-token.ts'
import { parseTokenText } from '../auth/token-text.ts'
import type { VerifiedToken } from '../auth/verify-token.ts'
import type { Services } from '../services.ts'
import { findOutsideUser } from '../storage/outside-user.ts'

type Judged = { readonly outcome: Outcome; readonly token: PresentedToken | undefined }
type Deps = Pick<Services, 'verifier' | 'verifyToken' | 'engine'>

const UNKNOWN: Judged = { outcome: NOT_FOUND, token: undefined }

/**
 * Judges a token by the live state of the key, session or user behind it, and by what it carries itself: its end and
 * its permissions. A text that is no token is NOT_FOUND. Throws AppError `cannot_verify` when an outside issuer's
 * keys cannot be had.
 */
export function judgeToken(deps: Deps, text: string, attempt: Attempt): Judged | Promise<Judged> {
  // Garbage costs no promise.
  if (text.length > TOKEN_LENGTH_MAX || !text.startsWith('eyJ')) return UNKNOWN
  return judge(deps, text, attempt)
}

async function judge(deps: Deps, text: string, attempt: Attempt): Promise<Judged> {
  const verified = await verifyOrExpired(deps, text)
  if (verified === undefined) return UNKNOWN
  if (verified === 'expired') return { outcome: await expiredOutcome(deps, text, attempt), token: undefined }
  const id =
    verified.kind === 'own'
      ? verified.subjectId
      : await deps.engine.read((db) => findOutsideUser(db, verified))
  if (id === undefined) return UNKNOWN
  const token = presentedToken(verified)
  const outcome = await deps.verifier.verifyById(id, attempt)
  if (outcome.code !== 'VALID') return { outcome, token }
  const { authority } = principalOf(outcome.key, token)
  const isCovered = attempt.permissions.every((permission) => isPermitted(authority, permission))
  return { outcome: isCovered ? outcome : { code: 'INSUFFICIENT_PERMISSIONS', key: outcome.key }, token }
}

async function verifyOrExpired({ verifyToken }: Deps, text: string) {
  try {
    return await verifyToken(text)
  } catch (error) {
    if (error instanceof AppError && error.code === 'token_expired') return 'expired' as const
    throw error
  }
}

/** Of a genuine token that has run out. What comes before the end in the order of checks is told first. */
async function expiredOutcome({ verifier }: Deps, text: string, attempt: Attempt): Promise<Outcome> {
  const subject = parseTokenText(text)?.claims.client_id
  if (typeof subject !== 'string' || !isSubject(subject)) return NOT_FOUND
  const { code, key } = await verifier.verifyById(subject, attempt)
  if (key === undefined) return NOT_FOUND
  return { code: code === 'INACTIVE' ? code : 'EXPIRED', key }
}

const isSubject = (text: string): text is VerifiableKey['id'] =>
  isId('key', text) || isId('ses', text) || isId('usr', text)

export function presentedToken(token: VerifiedToken): PresentedToken {
  const { expiresAtMs } = token
  return token.kind === 'own'
    ? { use: token.use, permissions: token.permissions, expiresAtMs, subject: null }
    : { use: 'outside', permissions: null, expiresAtMs, subject: token }
}
