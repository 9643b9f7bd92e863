import { isId } from '@latchkey/core/ids'
import { listingOfKeys } from '../../storage/key-listing.ts'
import { findKey, findKeyViews } from '../../storage/keys.ts'
import type { Handler } from '../context.ts'
import { answerList } from '../list.ts'
import { momentOf } from '../moment.ts'
import { presentKey } from '../present-key.ts'

export const listApiKeys: Handler<'listApiKeys'> = (deps, context) => {
  const { principal, query } = context
  const { companyId } = principal
  const { status = 'active', userId, search, restricted, unusedSince, expiringBefore } = query
  const listing =
    userId === undefined || isId('usr', userId)
      ? listingOfKeys(companyId, {
          status,
          userId,
          search,
          isRestricted: restricted,
          unusedSinceMs: momentOf(unusedSince),
          expiringBeforeMs: momentOf(expiringBefore),
        })
      : NOTHING
  return answerList(deps, context, {
    listing,
    companyId,
    query,
    carried: { status, userId, search, restricted: restricted?.toString(), unusedSince, expiringBefore },
    isPosition: async (db, id) => isId('key', id) && (await findKey(db, companyId, id)) !== undefined,
    rows: (db, ids) => findKeyViews(db, companyId, ids),
    present: (view) => presentKey(view, deps.clock.nowMs()),
  })
}

/** A user that cannot exist has no keys. */
const NOTHING = { ids: async () => [], total: async () => 0 }
