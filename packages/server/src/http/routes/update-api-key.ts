import { updateKey } from '../../keys/update-key.ts'
import type { Handler } from '../context.ts'
import { parseIfMatch } from '../if-match.ts'
import { etagOf, presentKey } from '../present-key.ts'

export const updateApiKey: Handler<'updateApiKey'> = async (deps, context) => {
  const isExpected = parseIfMatch(context.header('if-match'))
  const view = await deps.write(context.actor, (tx) =>
    updateKey(tx, deps.chain, context.principal, context.params.keyId, context.body, isExpected),
  )
  return { headers: { etag: etagOf(view) }, body: presentKey(view, deps.clock.nowMs()) }
}
