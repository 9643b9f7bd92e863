import type { Log } from './log.ts'

export type RequestFields = {
  readonly requestId: string
  readonly method: string
  /** The operation, never the URL: a URL may hold what a caller pasted into it. */
  readonly operation: string
  readonly status: number
  /** Why it was refused, as the answer says; null: it was not. */
  readonly code: string | null
  readonly durationMs: number
  readonly address: string | null
  readonly principalId: string | null
}

/** One function for each thing worth a line: what is logged is an allow-list, written here. */
export type Events = {
  /** Whether `requestAnswered` writes anything at the level that was chosen. */
  readonly areRequestsLogged: boolean
  requestAnswered(fields: RequestFields): void
  /** A bug or a failing part: the operator gets the stack, the caller a request id. */
  requestFailed(fields: {
    readonly requestId: string
    readonly operation: string
    readonly error: unknown
  }): void
  storeFailed(error: unknown): void
  /** Said once: the thread that kept the embedded store's log short is gone, and commits do its work. */
  threadLost(error: unknown): void
  usageLost(error: unknown): void
  /** What this process had on lease of the limits of keys is lost to them. */
  limitsLost(error: unknown): void
  /** A connection to the database broke; another takes its place. */
  connectionLost(error: unknown): void
  /** This server does not hear any more what others change: after the lease, each verification asks the database. */
  followingFailed(error: unknown): void
  followingAgain(): void
  /** The row of a server that is gone is still there. Nobody waits for it longer than for a lease. */
  rowKept(error: unknown): void
  /** `known` is the revision this server had applied, `found` the one the store is at. */
  storeRefused(fields: { readonly known: number; readonly found: number }): void
  /** A token of an outside issuer was refused; `issuer` null: of one that nobody listed. */
  outsideTokenRefused(fields: {
    readonly issuer: string | null
    readonly reason: string
    readonly times: number
  }): void
  /** What an operator can hold the audit chains against later: `latchkey audit verify --checkpoint`. */
  auditCheckpoint(checkpoint: string): void
  checkpointFailed(error: unknown): void
  /** Something was recorded on a chain that somebody else has changed. */
  auditBroken(companyId: string): void
  /** `why` names no part of it. */
  secretWeak(fields: { readonly why: string }): void
  /** `made`: how the newest keys begin; `set`: what is recognised now. */
  keyPrefixChanged(fields: { readonly made: string; readonly set: string }): void
  /** Traces are on, and no SDK takes them. */
  tracesUnheard(): void
  started(fields: { readonly url: string; readonly store: string }): void
  startedUnready(fields: { readonly url: string; readonly store: string; readonly reason: string }): void
  /** One of the processes that share the port ended by itself. `how`: the signal, or the code. */
  processEnded(fields: { readonly pid: number | undefined; readonly how: string }): void
  /** What has expired was not removed. It does not count all the same. */
  sweepFailed(error: unknown): void
  /** `drainSeconds`: how long it still serves. */
  stopping(fields: { readonly signal: string; readonly drainSeconds: number }): void
  stopped(): void
}

const THREAD_LOST =
  'no thread keeps the write-ahead log short: commits do from now on, and some take longer. Nothing is lost. ' +
  'Look at what limits threads and memory, then restart'
const KEY_PREFIX_CHANGED =
  'LATCHKEY_KEY_PREFIX was changed: keys that were made before are refused as NOT_FOUND. ' +
  'Set it back, or give each a new secret: latchkey keys rotate'
const ROW_KEPT = 'the row of a server that is gone could not be removed: it is tried again'
const TRACES_UNHEARD =
  'LATCHKEY_TRACES is on, but no OpenTelemetry SDK was started with the process: the spans go nowhere. ' +
  'Load one with NODE_OPTIONS=--import, or turn them off'

export function createEvents(log: Log): Events {
  return {
    areRequestsLogged: log.isLevelEnabled('info'),
    requestAnswered: (fields) => log.info({ ...fields, event: 'request' }, 'request answered'),
    requestFailed: ({ requestId, operation, error }) =>
      log.error({ event: 'request_failed', requestId, operation, error: describe(error) }, 'request failed'),
    storeFailed: (error) => log.fatal({ event: 'store_failed', error: describe(error) }, 'the store failed'),
    threadLost: (error) => log.warn({ event: 'thread_lost', error: describe(error) }, THREAD_LOST),
    usageLost: (error) =>
      log.warn({ event: 'usage_lost', error: describe(error) }, 'last-used times not stored'),
    limitsLost: (error) =>
      log.warn(
        { event: 'limits_lost', error: describe(error) },
        'what was on lease of the limits of keys could not be given back',
      ),
    connectionLost: (error) =>
      log.warn({ event: 'connection_lost', error: describe(error) }, 'a database connection broke'),
    followingFailed: (error) =>
      log.error({ event: 'following_failed', error: describe(error) }, 'the database does not answer'),
    followingAgain: () => log.info({ event: 'following_again' }, 'the database answers again'),
    rowKept: (error) => log.warn({ event: 'row_kept', error: describe(error) }, ROW_KEPT),
    storeRefused: ({ known, found }) =>
      log.error(
        { known, found, missing: Math.max(0, known - found), event: 'store_refused' },
        'the store was restored or replaced: latchkey restore --accept',
      ),
    outsideTokenRefused: (fields) =>
      log.warn({ ...fields, event: 'outside_token_refused' }, 'a token of an outside issuer was refused'),
    auditCheckpoint: (checkpoint) => log.info({ event: 'audit_checkpoint', checkpoint }, 'audit checkpoint'),
    checkpointFailed: (error) =>
      log.warn(
        { event: 'checkpoint_failed', error: describe(error) },
        'no audit checkpoint: it is tried again',
      ),
    auditBroken: (companyId) =>
      log.error({ event: 'audit_broken', companyId }, 'an audit chain was changed: latchkey audit verify'),
    secretWeak: (fields) =>
      log.warn({ ...fields, event: 'secret_weak' }, 'the server secret could be found out from a token'),
    keyPrefixChanged: (fields) => log.warn({ ...fields, event: 'key_prefix_changed' }, KEY_PREFIX_CHANGED),
    processEnded: ({ pid, how }) =>
      log.error(
        { event: 'process_ended', pid, how },
        `the process ${pid} ended (${how}); another takes its place`,
      ),
    tracesUnheard: () => log.warn({ event: 'traces_unheard' }, TRACES_UNHEARD),
    started: (fields) => log.info({ ...fields, event: 'started' }, 'ready'),
    startedUnready: (fields) =>
      log.error({ ...fields, event: 'started_unready' }, 'listening, but not ready'),
    sweepFailed: (error) =>
      log.warn(
        { event: 'sweep_failed', error: describe(error) },
        'what is over was not removed: it is tried again',
      ),
    stopping: (fields) => log.info({ ...fields, event: 'stopping' }, 'stopping'),
    stopped: () => log.info({ event: 'stopped' }, 'stopped'),
  }
}

function describe(error: unknown): { message: string; stack?: string | undefined; cause?: unknown } {
  if (!(error instanceof Error)) return { message: String(error) }
  const cause = error.cause === undefined ? undefined : describe(error.cause)
  return { message: error.message, stack: error.stack, ...(cause === undefined ? {} : { cause }) }
}
