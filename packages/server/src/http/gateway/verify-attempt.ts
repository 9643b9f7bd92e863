import type { VerifyResult } from '@latchkey/contract/schemas/verification'
import { type Address, parseAddress } from '@latchkey/core/address'
import { type Fault, noteFault } from '@latchkey/core/error'
import type { Charged } from '@latchkey/core/limited-key'
import type { KeySecret } from '@latchkey/core/loaded-key'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import { listPermissions, parsePermission } from '@latchkey/core/permission'
import { type Principal, principalOf, sightOf } from '@latchkey/core/principal'
import { parseSecret, type Secret } from '@latchkey/core/secret'
import { type JudgeDeps, type Judged, judge } from '../../auth/judge.ts'
import type { Services } from '../../services.ts'
import { presentTime, presentTimeOrNull } from '../present/present-time.ts'

/** One element of POST /verify and /verify/batch, as it came. */
export type VerifyInput = {
  readonly key: string
  readonly ip?: string
  readonly permissions?: readonly string[]
  readonly cost?: number
}

/** The same, parsed. A text that can be neither a secret nor a token is no fault: its verdict is NOT_FOUND. */
export type ParsedInput = {
  readonly text: string
  readonly secret: Secret | undefined
  readonly address: Address | undefined
  readonly permissions: readonly string[]
  readonly cost: number
}

/** `base` is the JSON Pointer of the element. */
export function parseVerifyInput(
  input: VerifyInput,
  keyPrefix: string,
  base: string,
  faults: Fault[],
): ParsedInput {
  const address = input.ip === undefined ? undefined : parseAddress(input.ip)
  if (input.ip !== undefined && address === undefined) {
    noteFault(faults, {
      pointer: `${base}/ip`,
      code: 'invalid_ip',
      detail: "must be one IPv4 or IPv6 address, the end caller's: no block, port, zone, name or list.",
    })
  }
  for (const [index, text] of (input.permissions ?? []).entries()) {
    const parsed = parsePermission(text)
    const detail =
      'detail' in parsed ? parsed.detail : text.includes('*') ? 'must be one permission, not a pattern.' : ''
    if (detail === '') continue
    noteFault(faults, { pointer: `${base}/permissions/${index}`, code: 'invalid_field', detail })
  }
  const { key: text } = input
  return {
    text,
    secret: parseSecret(text, keyPrefix),
    address,
    permissions: input.permissions ?? [],
    cost: input.cost ?? 1,
  }
}

/**
 * Verifies one key or token as the principal may see it. Where limits had to be asked for, the principal is admitted
 * again.
 */
export function verifyParsed(
  deps: JudgeDeps & Pick<Services, 'clock'>,
  principal: Principal,
  { text, secret, address, permissions, cost }: ParsedInput,
  admitAgain: () => MaybePromise<void>,
): MaybePromise<Judged> {
  const nowMs = deps.clock.nowMs()
  const visibleTo = sightOf(principal)
  const asked = {
    visibleTo,
    address,
    permissions,
    exempt: null,
    token: undefined,
    secretOrdinal: null,
    asker: principal,
    cost,
    nowMs,
  }
  return judge(deps, { secret, text, mayBeToken: true, admitAgain }, asked)
}

export function presentOutcome({ outcome, token, charged }: Judged, requestId: string): VerifyResult {
  const { code, key } = outcome
  const shown = key === undefined ? undefined : principalOf(key, token, outcome.secret)
  const { secret, replaceBy } = presentSecret(outcome.secret)
  const { limits, limitedBy, retryAfterSeconds } = charged === undefined ? NO_LIMITS : presentLimits(charged)
  return {
    valid: code === 'VALID',
    code,
    keyId: shown?.type === 'key' ? shown.id : null,
    companyId: key?.companyId ?? null,
    userId: key?.userId ?? null,
    permissions: shown === undefined ? [] : listPermissions(shown.authority),
    mode: key?.mode ?? null,
    expiresAt: presentTimeOrNull(earlier(key?.expiresAtMs ?? null, token?.expiresAtMs ?? null)),
    metadata: key === undefined ? {} : { ...key.metadata },
    secret,
    replaceBy,
    limits,
    limitedBy,
    retryAfterSeconds,
    requestId,
  }
}

function presentLimits({
  states,
  limitedBy,
  retryAfterSeconds,
}: Charged): Pick<VerifyResult, 'limits' | 'limitedBy' | 'retryAfterSeconds'> {
  const limits = states.map(({ name, max, remaining, resetAtMs }) => ({
    name,
    limit: max,
    remaining,
    resetAt: presentTime(resetAtMs),
  }))
  return { limits, limitedBy, retryAfterSeconds }
}

const NO_LIMITS = { limits: null, limitedBy: null, retryAfterSeconds: null }

/** Which secret of the key was used, and until when it may be. */
function presentSecret(secret: KeySecret | undefined): Pick<VerifyResult, 'secret' | 'replaceBy'> {
  if (secret === undefined) return { secret: null, replaceBy: null }
  return {
    secret: secret.endsAtMs === null ? 'current' : 'previous',
    replaceBy: presentTimeOrNull(secret.endsAtMs),
  }
}

const earlier = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other)
