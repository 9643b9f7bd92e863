import { createBoundedMap } from '@latchkey/core/bounded-map'
import type { CompanyId } from '@latchkey/core/ids'
import type { MaybePromise } from '@latchkey/core/maybe-promise'

/** Of about 100 bytes each: 1 MB. Beyond it the one that was found first is asked about again. */
const KNOWN_MAX = 10_000

type KnownCompaniesOptions = {
  readonly isThere: (companyId: CompanyId) => Promise<boolean>
  /** Whether nothing can have changed that this process has not heard of; forgets before it answers, if something has. */
  readonly isFresh: () => boolean
}

/** Which companies there are. None is ever removed: what was found is true until another store takes the place of this one. */
export type KnownCompanies = {
  isThere(companyId: CompanyId): MaybePromise<boolean>
  /** Another store, perhaps one from before. */
  forget(): void
}

export function createKnownCompanies({ isThere, isFresh }: KnownCompaniesOptions): KnownCompanies {
  const known = createBoundedMap<CompanyId, true>(KNOWN_MAX)
  let stores = 0

  async function look(companyId: CompanyId): Promise<boolean> {
    const asked = stores
    const found = await isThere(companyId)
    if (!found || asked !== stores) return found
    known.set(companyId, true)
    return true
  }

  return {
    isThere: (companyId) => (isFresh() && known.get(companyId)) || look(companyId),
    forget() {
      stores += 1
      known.clear()
    },
  }
}
