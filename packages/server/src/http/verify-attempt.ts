import type { VerifyResult } from '@latchkey/contract/schemas/verification'
import { type Address, parseAddress } from '@latchkey/core/address'
import { type Fault, noteFault } from '@latchkey/core/error'
import { type MaybePromise, whenKnown } from '@latchkey/core/maybe-promise'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import { listPermissions, parsePermission } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { parseSecret, type Secret } from '@latchkey/core/secret'
import type { Services } from '../services.ts'
import { presentTimeOrNull } from './present-time.ts'

/** One element of POST /verify and /verify/batch, as it came. */
export type VerifyInput = {
  readonly key: string
  readonly ip?: string
  readonly permissions?: readonly string[]
}

/** The same, parsed. A text that cannot be a secret is no fault: its verdict is NOT_FOUND. */
export type ParsedInput = {
  readonly secret: Secret | undefined
  readonly address: Address | undefined
  readonly permissions: readonly string[]
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
      detail: "must be one IPv4 or IPv6 address, the end caller's: no block, port or name.",
    })
  }
  for (const [index, text] of (input.permissions ?? []).entries()) {
    const parsed = parsePermission(text)
    const detail =
      'detail' in parsed ? parsed.detail : text.includes('*') ? 'must be one permission, not a pattern.' : ''
    if (detail === '') continue
    noteFault(faults, { pointer: `${base}/permissions/${index}`, code: 'invalid_field', detail })
  }
  return { secret: parseSecret(input.key, keyPrefix), address, permissions: input.permissions ?? [] }
}

/** Verifies one key as the principal may see it, and notes an accepted use. */
export function verifyParsed(
  deps: Pick<Services, 'verifier' | 'usage' | 'clock' | 'metrics'>,
  principal: Principal,
  { secret, address, permissions }: ParsedInput,
): MaybePromise<Outcome> {
  const attempt = { visibleTo: sightOf(principal), address, permissions, nowMs: deps.clock.nowMs() }
  return whenKnown(secret === undefined ? NOT_FOUND : deps.verifier.verify(secret, attempt), (outcome) => {
    deps.metrics.verdictGiven(outcome.code)
    if (outcome.code === 'VALID') deps.usage.note(outcome.key.id, attempt.nowMs, address)
    return outcome
  })
}

/** The operator sees every company's keys, unless it acts for one. */
function sightOf(principal: Principal) {
  const isOwnView = principal.companyId === principal.homeCompanyId
  return principal.isOperator && isOwnView ? null : principal.companyId
}

export function presentOutcome({ code, key }: Outcome, requestId: string): VerifyResult {
  return {
    valid: code === 'VALID',
    code,
    keyId: key?.id ?? null,
    companyId: key?.companyId ?? null,
    userId: key?.userId ?? null,
    permissions: key === undefined ? [] : listPermissions(key.authority),
    mode: key?.mode ?? null,
    expiresAt: presentTimeOrNull(key?.expiresAtMs ?? null),
    metadata: key === undefined ? {} : { ...key.metadata },
    requestId,
  }
}
