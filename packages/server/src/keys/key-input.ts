import { type Allowlist, compileInSteps, readWhitelistedIPs } from '@latchkey/core/allowlist'
import { type Fault, inputError, noteFault } from '@latchkey/core/error'
import { checkLimitNames } from '@latchkey/core/limit-names'
import { parsePermission } from '@latchkey/core/permission'
import { atOnce } from '@latchkey/core/steps'
import { explainTime, parseTime } from '@latchkey/core/time'

type Lists = {
  readonly whitelistedIPs?: readonly string[] | string | null
  readonly permissions?: readonly string[] | null
  readonly rateLimits?: readonly { readonly name: string }[] | null
}

/**
 * What was asked of a key, with its long lists read: the costly part, which needs no store. Done before the
 * transaction, because others wait for that. undefined: not named.
 */
export type ReadInput<Input> = {
  readonly input: Input
  readonly entries: readonly string[] | null | undefined
  /** The entries compiled; null where there are none. */
  readonly allowlist: Allowlist | null
  readonly permissions: readonly string[] | null | undefined
  /** What is wrong with the lists. Whoever finds some has no need of a transaction. */
  readonly faults: readonly Fault[]
}

/** Throws AppError when the lists have more faults than are told. */
export function readKeyInput<Input extends Lists>(input: Input): ReadInput<Input> {
  return atOnce(readKeyInputInSteps(input))
}

/** The same of lists that may be long. */
export function* readKeyInputInSteps<Input extends Lists>(input: Input): Generator<void, ReadInput<Input>> {
  const faults: Fault[] = []
  const { whitelistedIPs, permissions, rateLimits } = input
  checkLimitNames(rateLimits ?? [], faults)
  const entries = whitelistedIPs === undefined ? undefined : yield* parseEntries(whitelistedIPs, faults)
  return {
    input,
    entries,
    allowlist: entries == null ? null : yield* compileInSteps(entries),
    permissions: permissions === undefined ? undefined : parsePermissions(permissions, faults),
    faults,
  }
}

/** The entries to store; what is wrong with them goes to `faults`. */
function* parseEntries(
  value: readonly string[] | string | null | undefined,
  faults: Fault[],
): Generator<void, string[] | null> {
  const parsed = yield* readWhitelistedIPs(value)
  if ('entries' in parsed) return parsed.entries
  for (const { index, detail } of parsed.problems) {
    const pointer = index === null ? '/whitelistedIPs' : `/whitelistedIPs/${index}`
    noteFault(faults, { pointer, code: 'invalid_ip', detail })
  }
  if (parsed.hasMore) throw inputError(faults, 'invalid_body', true)
  return null
}

/** A list of permissions, each once; null stays null. */
function parsePermissions(value: readonly string[] | null | undefined, faults: Fault[]): string[] | null {
  if (value === null || value === undefined) return null
  for (const [index, text] of value.entries()) {
    const parsed = parsePermission(text)
    if ('detail' in parsed)
      noteFault(faults, { pointer: `/permissions/${index}`, code: 'invalid_field', detail: parsed.detail })
  }
  return [...new Set(value)]
}

/** Milliseconds since the epoch; null: never, or a fault. A moment that has passed is refused. */
export function parseExpiry(value: string | null | undefined, nowMs: number, faults: Fault[]): number | null {
  if (value === null || value === undefined) return null
  const atMs = parseTime(value)
  if (atMs === undefined) {
    faults.push({ pointer: '/expiresAt', code: 'invalid_field', detail: explainTime(value) })
    return null
  }
  if (atMs <= nowMs) {
    faults.push({
      pointer: '/expiresAt',
      code: 'invalid_field',
      detail: `must be in the future; it is ${new Date(nowMs).toISOString()} now. To stop a key at once, delete or disable it.`,
    })
  }
  return atMs
}
