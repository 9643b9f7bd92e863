import type { CompanyId } from '@latchkey/core/ids'
import type { Change } from './change.ts'
import type { Changes } from './changes.ts'
import type { Requester } from './requester.ts'

/** Makes a change as it would be made, answers what it answers, and takes all of it back. Throws what it throws. */
export async function rehearse<T>(
  change: Changes['change'],
  by: Requester,
  companyId: CompanyId,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const rehearsed = async (open: Change): Promise<T> => {
    throw new Rehearsed(await work(open))
  }
  const done = change(by, companyId, rehearsed, { isLong: true })
  return done.catch((error: unknown) => {
    if (error instanceof Rehearsed) return error.value as T
    throw error
  })
}

/** Ends the transaction. */
class Rehearsed extends Error {
  readonly value: unknown

  constructor(value: unknown) {
    super('nothing of this stays')
    this.value = value
  }
}
