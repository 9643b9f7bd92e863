import type { Change } from '../../changes/change.ts'
import { rotateKey } from '../../keys/rotate-key.ts'
import { presentCreatedKey } from '../present/present-key.ts'
import type { Context, Handler, HandlerDeps, Reply } from '../schema/context.ts'
import { etagOf, parseIfMatch } from '../wire/if-match.ts'
import { once } from './once.ts'

export const rotateApiKey: Handler<'rotateApiKey'> = (deps, context) =>
  once(deps, context, (change) => rotate(deps, context, change), {
    // A leaked secret stops by it.
    isRevocation: context.body.overlapSeconds === 0,
  })

async function rotate(
  { fingerprint, config }: HandlerDeps,
  context: Context<'rotateApiKey'>,
  change: Change,
): Promise<Reply<'rotateApiKey'>> {
  const { view, secret } = await rotateKey(
    change,
    { fingerprint, keyPrefix: config.keyPrefix },
    context.params.keyId,
    context.body.overlapSeconds,
    parseIfMatch(context.header('if-match')),
  )
  return {
    headers: { location: `/keys/${view.id}`, etag: etagOf(view) },
    body: presentCreatedKey(view, change.nowMs, secret),
  }
}
