import { createKey } from '../../keys/create-key.ts'
import type { Handler } from '../context.ts'
import { once } from '../once.ts'
import { etagOf, presentCreatedKey } from '../present-key.ts'

export const createApiKey: Handler<'createApiKey'> = (deps, context) => {
  const { chain, fingerprint, config } = deps
  return once(deps, context, async (tx) => {
    const createDeps = { chain, fingerprint, keyPrefix: config.keyPrefix }
    const { view, secret } = await createKey(tx, createDeps, context.principal, context.body)
    return {
      headers: { location: `/keys/${view.id}`, etag: etagOf(view) },
      body: presentCreatedKey(view, tx.nowMs, secret),
    }
  })
}
