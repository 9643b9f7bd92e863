import type {
  AnswerOf,
  BodyOf,
  OperationId,
  operations,
  ParamsOf,
  QueryOf,
} from '@latchkey/contract/operations'
import type { Address } from '@latchkey/core/address'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Actor, Principal } from '@latchkey/core/principal'
import type { Requester } from '../../changes/requester.ts'
import type { InFlight } from '../../idempotency/run-once.ts'
import type { Services } from '../../services.ts'
import type { FailedAttempts } from '../admission/failed-attempts.ts'
import type { Holdings } from '../admission/holdings.ts'
import type { Elements } from '../admission/pieces.ts'
import type { SlowReads } from '../admission/slow-reads.ts'
import type { Turns } from '../admission/turns.ts'
import type { Turnstile } from '../admission/turnstile.ts'
import type { Readiness } from '../readiness.ts'

type PrincipalOf<Id extends OperationId> = (typeof operations)[Id]['authentication'] extends 'none'
  ? undefined
  : Principal

/** One request to one operation: authenticated, permitted and valid. */
export type Context<Id extends OperationId> = {
  readonly requestId: string
  readonly address: Address | undefined
  readonly principal: PrincipalOf<Id>
  /** Who does it, for the audit log. */
  readonly actor: Actor
  /** Who asks, for the audit log and for being judged again when something is changed. */
  readonly requester: Requester
  readonly params: ParamsOf<Id>
  readonly query: QueryOf<Id>
  readonly body: BodyOf<Id>
  /** The body as it came; empty when there is none. */
  readonly bodyBytes: Buffer
  readonly method: string
  readonly path: string
  /** Scheme and authority under which the caller reached the service. */
  readonly origin: string
  /** What every link begins with: LATCHKEY_PUBLIC_URL, which may have a path, or else the origin. */
  readonly baseUrl: string
  /** Every value of a request header; `name` in lower case. */
  header(name: string): readonly string[]
  /**
   * Judges the credential again, after work that took long: one that was revoked meanwhile is told nothing. Throws
   * AppError.
   */
  admitAgain(): MaybePromise<void>
  /** Whether somebody is still there to take the answer. */
  isWanted(): boolean
  /** The text of one element of the answer's list. */
  elementText(element: unknown): string
}

export type Reply<Id extends OperationId> = {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: AnswerOf<Id>
  /** What stands in the one list of the body, where that was made in pieces; the list in `body` is empty then. */
  readonly elements?: Elements
}

/** State of the HTTP layer of one app. */
type HttpState = {
  readonly slowReads: SlowReads
  readonly turns: Turns
  /** The turnstile of lists and batches. */
  readonly turnstile: Turnstile
  /** The turnstile of large bodies that come in. */
  readonly bodyLine: Turnstile
  readonly holdings: Holdings
  readonly inFlight: InFlight
  readonly failedAttempts: FailedAttempts
  readonly readiness: Readiness
}

export type HandlerDeps = Services & HttpState

export type Handler<Id extends OperationId> = (
  deps: HandlerDeps,
  context: Context<Id>,
) => MaybePromise<Reply<Id>>
