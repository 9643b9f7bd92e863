import { type Attempt, evaluate } from '@latchkey/core/evaluate'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import { Secret } from '@latchkey/core/secret'
import type { Verifier as Engine } from '@latchkey/core/verifier'
import type { VerifyRequest, VerifyResult } from '../wire.ts'
import { JUDGED_ELSEWHERE } from './judged-elsewhere.ts'
import { parseAttempt } from './parse-attempt.ts'
import { isRefusal, type Remote } from './remote.ts'
import type { ServerClock } from './server-clock.ts'
import { cannotVerify } from './states.ts'
import type { Uses } from './uses.ts'
import { verdictOf } from './verdict.ts'

type JudgeOptions = {
  readonly engine: Pick<Engine, 'verify'>
  readonly clock: Pick<ServerClock, 'nowMs'>
  readonly uses: Pick<Uses, 'note'>
  /** The service itself, for what memory cannot judge. */
  readonly ask: Remote['verdict']
  /** Hears that the service does not accept who asks. */
  readonly onRefused: () => void
}

/** Judges at once when memory may answer. Rejects, and never throws. */
export type Judge = (attempt: VerifyRequest) => VerifyResult | Promise<VerifyResult>

export function createJudge({ engine, clock, uses, ask, onRefused }: JudgeOptions): Judge {
  function noted(outcome: Outcome, attempt: Attempt): VerifyResult {
    uses.note(outcome, attempt)
    return verdictOf(outcome)
  }

  /** The answer that was waited for has brought the time with it: the clock here may be off by hours. */
  function judgedNow({ key, secret }: Outcome, attempt: Attempt): Outcome {
    return key === undefined ? NOT_FOUND : evaluate(key, { ...attempt, nowMs: clock.nowMs() }, secret)
  }

  function otherwise(error: unknown, attempt: VerifyRequest): Promise<VerifyResult> {
    if (error === JUDGED_ELSEWHERE) return ask(attempt)
    if (isRefusal(error)) onRefused()
    return Promise.reject(cannotVerify(error))
  }

  return (attempt) => {
    try {
      const parsed = parseAttempt(attempt, clock.nowMs())
      if (parsed === undefined) return ask(attempt)
      const outcome = engine.verify(new Secret(attempt.key, 'live'), parsed)
      if (!(outcome instanceof Promise)) return noted(outcome, parsed)
      return outcome.then(
        (told) => noted(judgedNow(told, parsed), parsed),
        (error: unknown) => otherwise(error, attempt),
      )
    } catch (error) {
      return otherwise(error, attempt)
    }
  }
}
