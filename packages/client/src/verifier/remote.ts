import { ApiError } from '../errors.ts'
import type { Settings } from '../options.ts'
import { createTransport } from '../transport.ts'
import { verifyOne } from '../verify.ts'
import type {
  ChangesRequest,
  ChangesResult,
  KeyRecordResult,
  UsageReport,
  VerifyRequest,
  VerifyResult,
} from '../wire.ts'
import { createOwnConnection } from './own-connection.ts'

/** Somebody waits for it. */
const RECORD_MS_MAX = 2_000
const REPORT_MS_MAX = 5_000

/** What a verifier asks of the service. */
export type Remote = {
  /** One at a time. */
  changes(question: ChangesRequest, msMax: number): Promise<ChangesResult>
  /** Ends the question for changes that is under way, with its connection. */
  hangUp(): void
  record(key: string): Promise<KeyRecordResult>
  verdict(attempt: VerifyRequest): Promise<VerifyResult>
  report(report: UsageReport): Promise<unknown>
  close(): void
}

/** `onReplaced` hears that it is asked by another key than before, which may see other keys. */
export function connect(settings: Settings, onReplaced: () => void): Remote {
  const credential = watch(settings.credential, onReplaced)
  const own = settings.isFetchGiven ? undefined : createOwnConnection(settings.url)
  const ask = createTransport({ ...settings, credential })
  const follow = createTransport({
    ...settings,
    credential,
    fetch: own?.fetch ?? settings.fetch,
    maxRetries: 0,
  })
  let ending = new AbortController()
  return {
    changes(body, timeoutMs) {
      ending = new AbortController()
      return follow('followChanges', { body }, { timeoutMs, signal: ending.signal })
    },
    hangUp: () => ending.abort(),
    record: (key) => ask('getKeyRecord', { body: { key }, timeoutMs: RECORD_MS_MAX }),
    verdict: (attempt) => verifyOne(ask, attempt),
    report: (body) => ask('reportUsage', { body, timeoutMs: REPORT_MS_MAX }),
    close: () => own?.close(),
  }
}

/** Whether the service does not accept who asks. Asked before each verification, when nothing has failed as a rule. */
export const isRefusal = (error: unknown): boolean =>
  error !== undefined && error instanceof ApiError && (error.status === 401 || error.status === 403)

function watch(credential: Settings['credential'], onReplaced: () => void): Settings['credential'] {
  let known: string | null | undefined
  const look = (text: string | null): string | null => {
    if (known !== undefined && known !== text) onReplaced()
    known = text
    return text
  }
  return () => {
    const text = credential()
    return text instanceof Promise ? text.then(look) : look(text)
  }
}
