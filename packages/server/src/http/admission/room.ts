import type { OperationId } from '@latchkey/contract/operations'
import { AppError } from '@latchkey/core/error'
import type { Services } from '../../services.ts'
import type { JsonBody } from '../wire/body.ts'

/** Operations that add something to the store, whatever their body says. */
const ADDING: ReadonlySet<OperationId> = new Set([
  'createApiKey',
  'importApiKeys',
  'rotateApiKey',
  'createUser',
  'createCompany',
  'createInvitation',
  // Its sender keeps what is refused, and sends it again.
  'reportUsage',
])

/** Changes need room unless every field that they set takes a power away. */
const RESTRICTING: Readonly<
  Partial<Record<OperationId, Readonly<Record<string, (value: unknown) => boolean>>>>
> = {
  updateApiKey: {
    enabled: (value) => value === false,
    expiresAt: (value) => value !== null,
    whitelistedIPs: (value) => value !== null,
    permissions: (value) => value !== null,
  },
  updateUser: {
    status: (value) => value === 'inactive',
    permissions: (value) => value !== null,
  },
  updateCompany: { status: (value) => value === 'inactive' },
}

/** A longer change would take too much of what is kept for revocations. */
const RESTRICTION_BYTES_MAX = 4 * 1024

/** Whether a request needs more room than a nearly full disk has. What deletes, disables or signs in does not. */
export function needsRoom(id: OperationId, body: JsonBody | undefined): boolean {
  if (ADDING.has(id)) return true
  const restricting = RESTRICTING[id]
  if (restricting === undefined || body === undefined) return false
  if (body.bytes.length > RESTRICTION_BYTES_MAX) return true
  return Object.entries(body.value as object).some(([name, value]) => restricting[name]?.(value) !== true)
}

/** Throws AppError `unavailable` when what is left of the disk is kept for revocations. */
export function assertRoom({ engine }: Pick<Services, 'engine'>): void {
  if (engine.hasRoom()) return
  throw new AppError(
    'unavailable',
    'The disk of the service is nearly full: what is left is kept for deleting and disabling. Nothing was stored.',
    { retryAfterSeconds: 60 },
  )
}
