import { parseWhitelistedIPs } from '@latchkey/core/allowlist'
import type { Fault } from '@latchkey/core/error'
import { parsePermission } from '@latchkey/core/permission'

/** The entries to store; what is wrong with them goes to `faults`. */
export function parseEntries(
  value: readonly string[] | string | null | undefined,
  faults: Fault[],
): string[] | null {
  const parsed = parseWhitelistedIPs(value)
  if ('entries' in parsed) return parsed.entries
  for (const { index, detail } of parsed.problems) {
    const pointer = index === null ? '/whitelistedIPs' : `/whitelistedIPs/${index}`
    faults.push({ pointer, code: 'invalid_ip', detail })
  }
  return null
}

/** A list of permissions, each once; null stays null. */
export function parsePermissions(
  value: readonly string[] | null | undefined,
  faults: Fault[],
): string[] | null {
  if (value === null || value === undefined) return null
  for (const [index, text] of value.entries()) {
    const parsed = parsePermission(text)
    if ('detail' in parsed)
      faults.push({ pointer: `/permissions/${index}`, code: 'invalid_field', detail: parsed.detail })
  }
  return [...new Set(value)]
}

/** Milliseconds since the epoch; null: never. A moment that has passed is refused. */
export function parseExpiry(value: string | null | undefined, nowMs: number, faults: Fault[]): number | null {
  if (value === null || value === undefined) return null
  const atMs = Date.parse(value)
  if (!(atMs > nowMs)) {
    faults.push({
      pointer: '/expiresAt',
      code: 'invalid_field',
      detail: `must be in the future; it is ${new Date(nowMs).toISOString()} now. To stop a key at once, delete or disable it.`,
    })
  }
  return atMs
}
