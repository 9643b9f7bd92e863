import type { KeyRecordResult } from '@latchkey/contract/schemas/verifiers'
import { namePermissions } from '@latchkey/core/permission'
import { sightOf } from '@latchkey/core/principal'
import { parseSecret } from '@latchkey/core/secret'
import { isTokenLike } from '../../auth/token-text.ts'
import { type FoundRecord, findKeyRecord } from '../../verification/find-key-record.ts'
import { presentTime, presentTimeOrNull } from '../present/present-time.ts'
import type { Handler, HandlerDeps } from '../schema/context.ts'

export const getKeyRecord: Handler<'getKeyRecord'> = async (deps, { principal, body: { key: text } }) => {
  // Asked before the look-up, so that what it finds is no older.
  const { epoch, revision } = deps.revocations.position()
  // What may be a token is judged by the live state of the key behind it, and by its own end: it has no record.
  const askServer = isTokenLike(text)
  const tags = askServer ? [] : await tagsOf(deps, text)
  const found = await findKeyRecord(deps.engine.verification, tags, sightOf(principal))
  return {
    body: {
      record: found === undefined ? null : presentRecord(found),
      askServer,
      epoch,
      revision,
      now: presentTime(deps.clock.nowMs()),
      server: deps.revocations.serverId,
    },
  }
}

function tagsOf({ config, fingerprint, importedTexts }: HandlerDeps, text: string) {
  const secret = parseSecret(text, config.keyPrefix)
  return secret === undefined ? importedTexts.tagsOf(text) : [fingerprint(secret)]
}

function presentRecord({ record, key, secret }: FoundRecord): NonNullable<KeyRecordResult['record']> {
  return {
    keyId: key.id,
    companyId: key.companyId,
    userId: key.userId,
    mode: key.mode,
    isActive: key.isActive,
    isUserActive: key.isUserActive,
    isCompanyActive: key.isCompanyActive,
    expiresAt: presentTimeOrNull(key.expiresAtMs),
    whitelistedIPs: record.whitelistedIPs === null ? null : (JSON.parse(record.whitelistedIPs) as string[]),
    role: key.role,
    permissions: namePermissions(key.authority),
    metadata: { ...key.metadata },
    secret: {
      ordinal: secret.ordinal,
      endsAt: presentTimeOrNull(secret.endsAtMs),
      isOver: secret.isOver === true,
    },
    isLimited: key.limits !== null,
  }
}
