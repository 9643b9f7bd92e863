import { paced } from '@latchkey/core/steps'
import { checkNewKey, createKey } from '../../keys/create-key.ts'
import { readKeyInputInSteps } from '../../keys/key-input.ts'
import { assertMetadataFits } from '../../keys/key-quotas.ts'
import { createRequestPace } from '../admission/pace.ts'
import { presentCreatedKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf } from '../wire/if-match.ts'
import { once } from './once.ts'

export const createApiKey: Handler<'createApiKey'> = async (deps, context) => {
  const { fingerprint, config } = deps
  const { principal, body } = context
  assertMetadataFits(body.metadata, config.metadataBytesMax)
  const pace = createRequestPace(() => deps.turns.take(principal.companyId))
  const read = await paced(readKeyInputInSteps(body), pace)
  if (read.faults.length > 0) {
    await deps.engine.read((db) => checkNewKey(db, principal.companyId, read, deps.clock.nowMs()), {
      party: principal.companyId,
    })
  }
  return once(deps, context, async (change) => {
    const keyDeps = { fingerprint, keyPrefix: config.keyPrefix, keysMax: config.companyKeysMax }
    const { view, secret } = await createKey(change, keyDeps, read)
    return {
      headers: { location: `/keys/${view.id}`, etag: etagOf(view) },
      body: presentCreatedKey(view, change.nowMs, secret),
    }
  })
}
