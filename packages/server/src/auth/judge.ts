import type { Clock } from '@latchkey/core/clock'
import type { Attempt } from '@latchkey/core/evaluate'
import type { VerifiableKey } from '@latchkey/core/key'
import type { Limit } from '@latchkey/core/limit'
import type { Charged } from '@latchkey/core/limited-key'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import type { OutsideSubject, PresentedToken } from '@latchkey/core/principal'
import type { Secret } from '@latchkey/core/secret'
import type { Verifier } from '@latchkey/core/verifier'
import type { Engine } from '../storage/engine.ts'
import { findOutsideUser } from '../storage/tables/outside-user.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ImportedTexts } from '../verification/imported-texts.ts'
import type { Limits } from '../verification/limits.ts'
import { cannotVerify } from '../verification/load-key.ts'
import type { Usage } from '../verification/usage/usage.ts'
import type { OutsideRefusals } from './outside-issuers.ts'
import { isTokenLike } from './token-text.ts'
import type { VerifiedToken } from './verify-token.ts'

export type JudgeDeps = {
  readonly verifier: Verifier
  readonly importedTexts: ImportedTexts
  readonly verifyToken: (text: string) => Promise<VerifiedToken | undefined>
  readonly outsideRefusals: OutsideRefusals
  readonly engine: Engine
  readonly usage: Usage
  readonly limits: Limits
  readonly clock: Clock
  readonly metrics: Metrics
}

/** What was presented: a secret of ours, or else a text. `mayBeToken`: a token is accepted here. */
export type Presented = {
  readonly secret: Secret | undefined
  readonly text: string
  readonly mayBeToken: boolean
  /**
   * Called before charging a use that had to wait: whoever asks about the key may have been revoked meanwhile.
   * undefined: the key speaks for itself. Throws AppError.
   */
  readonly admitAgain: (() => MaybePromise<void>) | undefined
}

/**
 * The verdict, and the token that stood for the key, session or user. `charged`: how the limits of the key stand, where it
 * has some and they were looked at.
 */
export type Judged = {
  readonly outcome: Outcome
  readonly token: PresentedToken | undefined
  readonly charged: Charged | undefined
}

const UNKNOWN: Judged = { outcome: NOT_FOUND, token: undefined, charged: undefined }

/**
 * Judges what was presented, and notes the verdict: the one way to do it, whoever asks. The attempt says all that is
 * asked; a token adds what it carries. `expectedId`: the secret of another key is `NOT_FOUND`. Throws AppError
 * `cannot_verify`.
 */
export function judge(
  deps: JudgeDeps,
  presented: Presented,
  attempt: Attempt,
  expectedId?: string,
): MaybePromise<Judged> {
  return whenKnown(judgeBesidesLimits(deps, presented, attempt), (judged) => {
    const due = dueOf(judged, attempt)
    if (due === undefined) return note(deps, judged, attempt, expectedId)
    return whenKnown(charge(deps, judged, due, presented, attempt), (charged) =>
      note(deps, charged, attempt, expectedId),
    )
  })
}

/** Judges all but the limits: they are charged when everything else is in order. */
const judgeBesidesLimits = (deps: JudgeDeps, { secret, text, mayBeToken }: Presented, attempt: Attempt) =>
  secret === undefined
    ? judgeText(deps, text, mayBeToken, attempt)
    : whenKnown(deps.verifier.verify(secret, attempt), withoutToken)

const withoutToken = (outcome: Outcome): Judged => ({ outcome, token: undefined, charged: undefined })

/** What a use is charged for. */
type Due = {
  readonly outcome: Extract<Outcome, { key: VerifiableKey }>
  readonly limits: readonly Limit[]
  readonly cost: number
}

/** undefined: it is not charged, for it is refused, or the key has no limits. */
function dueOf({ outcome }: Judged, { cost }: Attempt): Due | undefined {
  if (cost === null || outcome.code !== 'VALID' || outcome.key.limits === null) return undefined
  return { outcome, limits: outcome.key.limits, cost }
}

/** Others may use up each time what was leased. After so many tries the caller is told to come again. */
const TRIES_MAX = 10

/**
 * Charges the limits of a key. Where the authority had to be asked, everything is judged again: the key, or whoever
 * asks about it, may have been revoked meanwhile.
 */
function charge(
  deps: JudgeDeps,
  judged: Judged,
  { outcome, limits, cost }: Due,
  presented: Presented,
  attempt: Attempt,
  tries = 1,
): MaybePromise<Judged> {
  const charged = deps.limits.charge(outcome.key.id, limits, cost)
  if (charged instanceof Promise) {
    if (tries > TRIES_MAX) throw cannotVerify(new Error('the limits of the key are fought over'))
    return charged.then(
      async () => {
        await presented.admitAgain?.()
        const again = { ...attempt, nowMs: deps.clock.nowMs() }
        const judgedAgain = await judgeBesidesLimits(deps, presented, again)
        const due = dueOf(judgedAgain, again)
        return due === undefined ? judgedAgain : charge(deps, judgedAgain, due, presented, again, tries + 1)
      },
      (error: unknown) => {
        throw cannotVerify(error)
      },
    )
  }
  if (charged.limitedBy === null) return { ...judged, charged }
  return { ...judged, charged, outcome: { ...outcome, code: 'RATE_LIMITED' } }
}

/** Judges a text that is no secret of ours. Garbage costs no promise. */
function judgeText(
  deps: JudgeDeps,
  text: string,
  mayBeToken: boolean,
  attempt: Attempt,
): MaybePromise<Judged> {
  return mayBeToken && isTokenLike(text)
    ? judgeToken(deps, text, attempt)
    : judgeImported(deps, text, attempt)
}

/** Judges a text that another system gave out, and that was imported. */
function judgeImported(
  { verifier, importedTexts }: JudgeDeps,
  text: string,
  attempt: Attempt,
): MaybePromise<Judged> {
  return whenKnown(importedTexts.tagsOf(text), (tags) => {
    if (tags.length === 0) return UNKNOWN
    return whenKnown(verifier.verifyTags(tags, attempt), withoutToken)
  })
}

/** A token counts as long as the key, session or user behind it does: the same engine is asked, by id. */
async function judgeToken(deps: JudgeDeps, text: string, attempt: Attempt): Promise<Judged> {
  const verified = await deps.verifyToken(text)
  // The keys of some other systems look like tokens. Here they count only as imported texts.
  if (verified === undefined) return judgeImported(deps, text, attempt)
  const token = presentedToken(verified)
  const id = await findSubject(deps, verified)
  if (id === undefined) return { outcome: NOT_FOUND, token, charged: undefined }
  return {
    outcome: await deps.verifier.verifyById(id, { ...attempt, token, secretOrdinal: token.secretOrdinal }),
    token,
    charged: undefined,
  }
}

/** Whom the token stands for; undefined: nobody any more. */
async function findSubject(deps: JudgeDeps, token: VerifiedToken): Promise<VerifiableKey['id'] | undefined> {
  if (token.kind === 'outside') return findNamed(deps, token)
  const { subjectId, outside } = token
  return outside === null || (await findNamed(deps, outside)) === subjectId ? subjectId : undefined
}

function findNamed({ engine, outsideRefusals }: JudgeDeps, subject: OutsideSubject) {
  const onMissing = (what: string) => outsideRefusals.note(subject.issuer, what)
  return engine.read((db) => findOutsideUser(db, subject, onMissing))
}

function presentedToken(token: VerifiedToken): PresentedToken {
  const { expiresAtMs } = token
  return token.kind === 'own'
    ? {
        use: token.use,
        permissions: token.permissions,
        secretOrdinal: token.secretOrdinal,
        expiresAtMs,
        subject: token.outside,
      }
    : { use: 'outside', permissions: null, secretOrdinal: null, expiresAtMs, subject: token }
}

/** The only place that notes verdicts: in the metrics, and in the usage of each key. */
function note(
  { metrics, usage }: JudgeDeps,
  judged: Judged,
  attempt: Attempt,
  expectedId: string | undefined,
): Judged {
  const isExpected = expectedId === undefined || judged.outcome.key?.id === expectedId
  const told = isExpected ? judged : UNKNOWN
  metrics.verdictGiven(told.outcome.code)
  usage.note(told.outcome, attempt)
  return told
}
