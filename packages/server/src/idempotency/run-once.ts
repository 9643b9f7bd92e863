import { createHmac, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import { open, seal, sealingKey } from '@latchkey/core/sealed-text'
import type { Change } from '../changes/change.ts'
import type { ChangeOptions, Changes } from '../changes/changes.ts'
import type { Requester } from '../changes/requester.ts'
import { findIdempotency, insertIdempotency } from '../storage/tables/idempotency.ts'

/** How long an answer can be replayed, in milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1_000
/** How long a second caller waits for the first, in milliseconds. */
const WAIT_MS_MAX = 5_000

/** Creations with an Idempotency-Key that are being worked on in this process, by name. */
export type InFlight = Map<string, Promise<void>>

type Deps = {
  readonly change: Changes['change']
  readonly idempotencyKey: Uint8Array
  readonly inFlight: InFlight
}

/** What makes two requests one: the caller's word, in the scope of principal and path, and the same body. */
export type OnceRequest = {
  readonly requester: Requester
  readonly companyId: CompanyId
  readonly word: string
  readonly scope: readonly (string | null | undefined)[]
  readonly bodyBytes: Uint8Array
  /** Of the change that is asked for. */
  readonly options?: ChangeOptions | undefined
}

export type OnceAnswer<Answer> = { readonly answer: Answer; readonly isReplayed: boolean }

/**
 * Runs a creation at most once for each word. The record is written in the creation's own transaction, so that a crash
 * leaves both or neither. The same body gets the first answer again, secret included. What that revoked is revoked
 * again, since the first answer may have failed for want of proof. Errors are not kept. Throws AppError
 * `idempotency_key_reused` for another body, `idempotency_in_progress`.
 */
export async function runOnce<Answer>(
  deps: Deps,
  request: OnceRequest,
  work: (change: Change) => Promise<Answer>,
): Promise<OnceAnswer<Answer>> {
  const record = identify(deps.idempotencyKey, request)
  const name = record.hash.toString('hex')
  await waitFor(deps.inFlight.get(name))
  const running = deps.change(
    request.requester,
    request.companyId,
    (change) => replayOrRun(change, record, work),
    request.options,
  )
  // The caller gets the error; whoever waits only needs to know that it is over.
  const settled = running.then(
    () => {},
    () => {},
  )
  deps.inFlight.set(name, settled)
  try {
    return await running
  } finally {
    if (deps.inFlight.get(name) === settled) deps.inFlight.delete(name)
  }
}

type Identity = { readonly hash: Buffer; readonly bodyHash: Buffer; readonly key: Uint8Array }

function identify(key: Uint8Array, { word, scope, bodyBytes }: OnceRequest): Identity {
  const scopeText = JSON.stringify([...scope, word])
  return {
    hash: createHmac('sha256', key).update('scope').update(scopeText).digest(),
    bodyHash: createHmac('sha256', key).update('body').update(bodyBytes).digest(),
    key: sealingKey(key, word),
  }
}

async function waitFor(first: Promise<void> | undefined): Promise<void> {
  if (first === undefined) return
  const timeout = new AbortController()
  const isOver = await Promise.race([
    first.then(() => true),
    sleep(WAIT_MS_MAX, false, { signal: timeout.signal }).catch(() => false),
  ])
  timeout.abort()
  if (isOver) return
  throw new AppError(
    'idempotency_in_progress',
    'A request with this Idempotency-Key is still being worked on.',
    {
      retryAfterSeconds: 1,
    },
  )
}

async function replayOrRun<Answer>(
  change: Change,
  identity: Identity,
  work: (change: Change) => Promise<Answer>,
): Promise<OnceAnswer<Answer>> {
  const known = await findIdempotency(change.db, identity.hash, change.nowMs)
  if (known !== undefined) {
    if (!timingSafeEqual(known.body_hash, identity.bodyHash)) {
      throw new AppError(
        'idempotency_key_reused',
        'This Idempotency-Key was used with another body: use a new one.',
      )
    }
    const { answer, revoked } = readKept<Answer>(open(identity.key, identity.hash, known.sealed))
    for (const scope of revoked) change.revoke(scope)
    return { answer, isReplayed: true }
  }
  const revoked: RevocationScope[] = []
  const answer = await work({
    ...change,
    revoke(scope) {
      revoked.push(scope)
      change.revoke(scope)
    },
  })
  const record = {
    hash: identity.hash,
    body_hash: identity.bodyHash,
    sealed: seal(identity.key, identity.hash, JSON.stringify({ answer, revoked }), change.randomBytes),
    expires_at: change.nowMs + KEPT_MS,
  }
  await insertIdempotency(change.db, record, change.nowMs)
  return { answer, isReplayed: false }
}

/** An answer, and what its change named as revoked. */
type Kept<Answer> = { readonly answer: Answer; readonly revoked: readonly RevocationScope[] }

function readKept<Answer>(text: string): Kept<Answer> {
  const kept = JSON.parse(text) as Kept<Answer> | Answer
  // The release before kept the answer alone.
  return isKept(kept) ? kept : { answer: kept, revoked: [] }
}

const isKept = <Answer>(kept: Kept<Answer> | Answer): kept is Kept<Answer> =>
  typeof kept === 'object' && kept !== null && 'revoked' in kept
