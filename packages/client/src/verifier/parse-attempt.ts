import { parseAddress } from '@latchkey/core/address'
import type { Attempt } from '@latchkey/core/evaluate'
import { isPermission } from '@latchkey/core/permission'
import { createShared } from '@latchkey/core/shared'
import type { VerifyRequest } from '../wire.ts'

const NAMES = new Set(['key', 'ip', 'permissions', 'cost'])
const NONE: readonly string[] = []
/** As many as the service takes. */
const PERMISSIONS_MAX = 100
const COST_MAX = 1_000

/**
 * undefined: the service is asked. It says what is wrong with what it does not take (a misspelt name must not leave a
 * check out), and judges tokens, of which memory knows nothing.
 */
export function parseAttempt(attempt: VerifyRequest, nowMs: number): Attempt | undefined {
  for (const name in attempt) if (!NAMES.has(name)) return undefined
  const { key, ip, permissions = NONE, cost = 1 } = attempt
  if (typeof key !== 'string' || key.startsWith('eyJ') || !Array.isArray(permissions)) return undefined
  const address = typeof ip === 'string' ? parseAddress(ip) : undefined
  if (ip !== undefined && address === undefined) return undefined
  if (permissions.length > PERMISSIONS_MAX) return undefined
  if (!(Number.isInteger(cost) && cost >= 0 && cost <= COST_MAX)) return undefined
  for (const permission of permissions)
    if (typeof permission !== 'string' || !isConcrete(permission)) return undefined
  return {
    // The service has shown what the verifier's own key may see: nothing else is in memory.
    visibleTo: null,
    address,
    permissions,
    exempt: null,
    token: undefined,
    secretOrdinal: null,
    asker: null,
    // Keys with limits are not in memory.
    cost: null,
    nowMs,
  }
}

/** An application asks for few different ones. */
const isConcrete = createShared((text) => !text.includes('*') && isPermission(text))
