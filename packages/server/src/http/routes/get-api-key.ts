import { isId } from '@latchkey/core/ids'
import { keyNotFound } from '../../keys/delete-key.ts'
import { findKeyView } from '../../storage/tables/keys.ts'
import { presentKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf } from '../wire/if-match.ts'

export const getApiKey: Handler<'getApiKey'> = async (deps, { principal, params }) => {
  const { keyId } = params
  const view = isId('key', keyId)
    ? await deps.engine.read((db) => findKeyView(db, principal.companyId, keyId), {
        party: principal.companyId,
      })
    : undefined
  if (view === undefined) throw keyNotFound()
  return { headers: { etag: etagOf(view) }, body: presentKey(view, deps.clock.nowMs()) }
}
