import type { ImportRequest, ImportResult } from '@latchkey/contract/schemas/import'
import { type DigestFormat, parseDigestFormat } from '@latchkey/core/digest-format'
import { inputError } from '@latchkey/core/error'
import type { Pace } from '@latchkey/core/pace'
import type { Change } from '../../changes/change.ts'
import { rehearse } from '../../changes/rehearse.ts'
import { buildRow, type Draft } from '../../import/build-row.ts'
import type { SourceLine } from '../../import/import-row.ts'
import { judgeLines } from '../../import/judge-lines.ts'
import { RowRefusal } from '../../import/source-error.ts'
import { type ImportedLine, importKeys } from '../../keys/import-keys.ts'
import { createUser } from '../../users/create-user.ts'
import { createRequestPace } from '../admission/pace.ts'
import type { Handler } from '../schema/context.ts'

export const importApiKeys: Handler<'importApiKeys'> = async (deps, { principal, requester, body }) => {
  const { config, fingerprint, derivedKeys } = deps
  const pace = createRequestPace(() => deps.turns.take(principal.companyId))
  const lines = await linesOf(body, config.keyPrefix, pace)
  const { companyKeysMax: keysMax, metadataBytesMax } = config
  const keyDeps = { fingerprint, importsKey: derivedKeys.imports, keysMax, metadataBytesMax }
  const terms = {
    source: body.source ?? 'api',
    extras: extrasOf(body),
    userId: body.user,
    createUser: body.createUsers === true ? developerMaker(config.companyUsersMax) : undefined,
  }
  const work = (change: Change) => importKeys(change, keyDeps, lines, terms)
  const isDryRun = body.dryRun === true
  const done = isDryRun
    ? rehearse(deps.change, requester, principal.companyId, work)
    : deps.change(requester, principal.companyId, work, { isLong: true })
  return { body: presentLines(await done, isDryRun) }
}

type Row = ImportRequest['keys'][number]

async function linesOf(body: ImportRequest, keyPrefix: string, pace: Pace): Promise<SourceLine[]> {
  const shared = body.format === undefined ? undefined : sharedFormat(body.format)
  async function* built() {
    for (const [index, row] of body.keys.entries()) {
      await pace()
      yield lineOf(row, index + 1, shared, keyPrefix)
    }
  }
  const rules = {
    hasOwner: body.user !== undefined,
    hasPepper: body.pepper !== undefined,
    hasSalt: body.salt !== undefined,
  }
  return Array.fromAsync(judgeLines(built(), rules))
}

function sharedFormat(text: string): DigestFormat {
  const parsed = parseDigestFormat(text)
  if (!('detail' in parsed)) return parsed
  throw inputError([{ pointer: '/format', code: 'invalid_field', detail: parsed.detail }])
}

function lineOf(row: Row, line: number, shared: DigestFormat | undefined, keyPrefix: string): SourceLine {
  const { format: own, enabled, ...fields } = row
  try {
    const format = own === undefined ? shared : parseDigestFormat(own)
    if (format !== undefined && 'detail' in format) throw new RowRefusal(`its format ${format.detail}`)
    const draft: Draft = {
      ...fields,
      line,
      source: 'ndjson',
      format,
      status: enabled === false ? 'disabled' : 'active',
    }
    const rules = { keyPrefix, rawDigestsAreKeys: false, isTextSource: false }
    return { line, row: buildRow(draft, rules) }
  } catch (error) {
    if (error instanceof RowRefusal) return { line, refused: error.message }
    throw error
  }
}

const extrasOf = ({ pepper, salt }: ImportRequest) => ({
  ...(pepper === undefined ? {} : { pepper: Buffer.from(pepper) }),
  ...(salt === undefined ? {} : { salt: Buffer.from(salt) }),
})

const developerMaker =
  (usersMax: number) =>
  (change: Change, externalId: string): ReturnType<typeof createUser> =>
    createUser(change, { name: externalId, role: 'developer', externalId }, usersMax)

function presentLines(lines: readonly ImportedLine[], dryRun: boolean): ImportResult {
  const count = (outcome: ImportedLine['outcome']) => lines.filter((line) => line.outcome === outcome).length
  return {
    dryRun,
    created: count('created'),
    exists: count('exists'),
    refused: count('refused'),
    rows: lines.map((line) => ({
      line: line.line,
      outcome: line.outcome,
      keyId: line.outcome === 'created' && !dryRun ? line.keyId : null,
      reason: line.outcome === 'refused' ? line.reason : null,
      notes: line.outcome === 'created' ? [...line.notes] : [],
    })),
  }
}
