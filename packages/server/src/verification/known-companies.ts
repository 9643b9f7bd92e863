import { createBoundedMap } from '@latchkey/core/bounded-map'
import type { CompanyId } from '@latchkey/core/ids'
import type { MaybePromise } from '@latchkey/core/maybe-promise'

/** Of about 100 bytes each: 1 MB. Beyond it the one that was found first is asked about again. */
const KNOWN_MAX = 10_000

type KnownCompaniesOptions = {
  readonly isThere: (companyId: CompanyId) => Promise<boolean>
  /** true: memory is up to date. It may call `forget` before it answers. */
  readonly isFresh: () => boolean
}

/** The companies that are known to exist. None is ever removed, so this stays true until the store is replaced. */
export type KnownCompanies = {
  isThere(companyId: CompanyId): MaybePromise<boolean>
  /** Call it when the store was replaced, perhaps by an older one. */
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
