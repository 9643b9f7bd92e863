import { rotateKey } from '../../keys/rotate-key.ts'
import { etagOf, presentCreatedKey } from '../present/present-key.ts'
import type { Handler } from '../schema/context.ts'
import { once } from './once.ts'

export const rotateApiKey: Handler<'rotateApiKey'> = (deps, context) =>
  once(deps, context, async (change) => {
    const keyDeps = { fingerprint: deps.fingerprint, keyPrefix: deps.config.keyPrefix }
    const { view, secret } = await rotateKey(
      change,
      keyDeps,
      context.params.keyId,
      context.body.overlapSeconds,
    )
    return {
      headers: { location: `/keys/${view.id}`, etag: etagOf(view) },
      body: presentCreatedKey(view, change.nowMs, secret),
    }
  })
