import type { ChangesRequest, ChangesResult, KeyRecordResult } from '@latchkey/client'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId } from '@latchkey/core/ids'
import type { Secret } from '@latchkey/core/secret'
import type { Timing } from '@latchkey/core/timing'
import { followChanges } from '../../../src/http/routes/follow-changes.ts'
import { getKeyRecord } from '../../../src/http/routes/get-key-record.ts'
import type { VerificationReads } from '../../../src/storage/engine.ts'
import type { Revocations } from '../../../src/verification/freshness/revocations.ts'
import { pause } from '../../../src/verification/freshness/timing.ts'

/** Whose verifier asks: the company of its key, or the operator's (null). */
type Asker = { readonly id: string; readonly sight: CompanyId | null }

/** What a server answers to verifiers: the handlers of the service, over the model of a store. */
export type Answering = {
  /** `isWanted`: the connection is still there. */
  tell(question: ChangesRequest, by: Asker, isWanted: () => boolean): Promise<ChangesResult>
  record(key: string, by: Asker): Promise<KeyRecordResult>
}

type Needs = {
  readonly revocations: Revocations
  readonly verification: VerificationReads
  readonly timing: Timing
  readonly fingerprint: (secret: Secret) => Fingerprint
  readonly judgingAgainMs: (() => number) | undefined
}

export function createAnswering({
  revocations,
  verification,
  timing,
  fingerprint,
  judgingAgainMs,
}: Needs): Answering {
  const deps = {
    revocations,
    fingerprint,
    clock: { nowMs: timing.wallMs },
    config: { keyPrefix: 'lk' },
    engine: { verification },
  }
  return {
    async tell(body, by, isWanted) {
      const admitAgain = () => (judgingAgainMs === undefined ? undefined : pause(timing, judgingAgainMs()))
      const context = { principal: principalOf(by), body, isWanted, admitAgain }
      const answer = await followChanges(deps as never, context as never)
      return answer.body as ChangesResult
    },
    async record(key, by) {
      const answer = await getKeyRecord(deps as never, { principal: principalOf(by), body: { key } } as never)
      return answer.body as KeyRecordResult
    },
  }
}

const OPERATOR = 'cmp_operator'

/** As far as its sight goes. */
const principalOf = ({ id, sight }: Asker) => {
  const companyId = sight ?? OPERATOR
  return { id, companyId, homeCompanyId: companyId, isOperator: sight === null }
}
