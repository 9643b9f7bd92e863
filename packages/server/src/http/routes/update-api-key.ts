import type { ApiKeyUpdate } from '@latchkey/contract/schemas/keys'
import { paced } from '@latchkey/core/steps'
import { readKeyInputInSteps } from '../../keys/key-input.ts'
import { assertMetadataFits } from '../../keys/key-quotas.ts'
import { checkPatch, updateKey } from '../../keys/update-key.ts'
import { createRequestPace } from '../admission/pace.ts'
import { presentKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf, parseIfMatch } from '../wire/if-match.ts'

export const updateApiKey: Handler<'updateApiKey'> = async (deps, context) => {
  const { requester, principal, params, body } = context
  const isExpected = parseIfMatch(context.header('if-match'))
  assertMetadataFits(body.metadata, deps.config.metadataBytesMax)
  const pace = createRequestPace(() => deps.turns.take(principal.companyId))
  const read = await paced(readKeyInputInSteps(body), pace)
  if (read.faults.length > 0) {
    await deps.engine.read(
      (db) => checkPatch(db, principal.companyId, params.keyId, read, isExpected, deps.clock.nowMs()),
      { party: principal.companyId },
    )
  }
  const view = await deps.change(
    requester,
    principal.companyId,
    (change) => updateKey(change, params.keyId, read, isExpected),
    { isRevocation: isRestriction(body) },
  )
  return { headers: { etag: etagOf(view) }, body: presentKey(view, deps.clock.nowMs()) }
}

/** Whatever the key's state was: restricting a leaked key does not wait behind changes that only add something. */
function isRestriction({ enabled, whitelistedIPs, permissions, expiresAt }: ApiKeyUpdate): boolean {
  return enabled === false || [whitelistedIPs, permissions, expiresAt].some((limit) => limit != null)
}
