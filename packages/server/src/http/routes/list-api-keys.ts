import { isId } from '@latchkey/core/ids'
import { findKey, findKeyViews } from '../../storage/tables/keys.ts'
import { listingOfKeys } from '../../storage/tables/listing/key-listing.ts'
import { answerList } from '../present/list.ts'
import { presentKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'
import { momentOf } from '../schema/moment.ts'

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
