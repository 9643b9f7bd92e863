import { type Fault, noteFault } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import { isReservedPermission, parsePermission } from '@latchkey/core/permission'
import type { Db } from '../storage/tables/schema.ts'
import { findUserByEmail, findUserByExternalId } from '../storage/tables/users.ts'

/** A user's list narrows the application's permissions; the reserved ones come with the role. */
export function parseUserPermissions(
  value: readonly string[] | null | undefined,
  faults: Fault[],
): string[] | null {
  if (value === null || value === undefined) return null
  for (const [index, text] of value.entries()) {
    const parsed = parsePermission(text)
    const pointer = `/permissions/${index}`
    if ('detail' in parsed) noteFault(faults, { pointer, code: 'invalid_field', detail: parsed.detail })
    else if (isReservedPermission(text)) {
      noteFault(faults, {
        pointer,
        code: 'invalid_field',
        detail: `${text} comes with the role: list only permissions of your own application here.`,
      })
    }
  }
  return [...new Set(value)]
}

/** What of a user's unique fields another user has already. */
export async function findTakenFaults(
  db: Db,
  companyId: CompanyId,
  wanted: { readonly email: string | null; readonly externalId: string | null },
): Promise<Fault[]> {
  const faults: Fault[] = []
  if (wanted.email !== null && (await findUserByEmail(db, companyId, wanted.email)) !== undefined) {
    faults.push({
      pointer: '/email',
      code: 'already_exists',
      detail: 'is the address of another user of your company already.',
    })
  }
  if (
    wanted.externalId !== null &&
    (await findUserByExternalId(db, companyId, wanted.externalId)) !== undefined
  ) {
    faults.push({
      pointer: '/externalId',
      code: 'already_exists',
      detail: 'belongs to another user of your company: GET /users?externalId= finds it.',
    })
  }
  return faults
}
