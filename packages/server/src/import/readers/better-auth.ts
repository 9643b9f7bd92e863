import type { DigestFormat } from '@latchkey/core/digest-format'
import { quoted } from '@latchkey/core/shown-value'
import { foreignPermissions } from '../foreign-permissions.ts'
import { isObject } from '../is-object.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'

/**
 * The table `apikey` of better-auth's plugin: to 1.4 with `userId` (better-auth, plugins/api-key/schema), from 1.5 with
 * `referenceId` and `configId` (@better-auth/api-key, src/schema). `key` is SHA-256 of the whole text, base64url without
 * padding (defaultKeyHasher), or the text with `disableKeyHashing`. `permissions` is JSON, `{"orders":["read"]}`;
 * `metadata` is JSON that older versions wrote twice. `start` is what the text begins with. A key whose `remaining` is 0
 * without a `refillAmount` is refused there, and deleted at its next use (validateApiKey). On SQLite, Drizzle's columns
 * hold seconds (`integer` in the mode `timestamp`) or milliseconds (`timestamp_ms`), as the version that made them.
 */
export const betterAuth = { read: readBetterAuth } satisfies SourceReader

const FORMAT: DigestFormat = { algorithm: 'sha256', input: 'whole' }

function* readBetterAuth({ line, fields, options }: SourceItem) {
  const stored = fields.text('key')
  const notes: string[] = []
  const isEnabled = fields.flag('enabled') ?? true
  const remaining = fields.number('remaining')
  const refillAmount = fields.number('refillAmount')
  const isSpent = remaining === 0 && refillAmount === undefined
  if (isSpent) notes.push('Its uses are spent there: it comes in disabled.')
  else if (remaining !== undefined)
    notes.push(`It had ${remaining} uses left there, which are not counted here.`)
  yield {
    line,
    source: 'better-auth' as const,
    ...(options.keysAreTexts === true ? { key: stored } : { hash: stored, format: options.format ?? FORMAT }),
    externalUserId: fields.text('referenceId', 'userId'),
    description: fields.text('name'),
    permissions: permissionsOf(fields.json('permissions'), options.permissionArea),
    expiresAt: fields.time('s-or-ms', 'expiresAt'),
    createdAt: fields.time('s-or-ms', 'createdAt'),
    status: isEnabled && !isSpent ? ('active' as const) : ('disabled' as const),
    prefix: fields.text('start', 'prefix'),
    metadata: fields.json('metadata'),
    rest: [...Object.entries({ remaining, refillAmount }), ...fields.rest()],
    notes,
  }
}

function permissionsOf(value: unknown, area: string | undefined): string[] | undefined {
  if (value === undefined) return undefined
  if (!isObject(value))
    throw new RowRefusal('its permissions are no object of lists, such as {"orders":["read"]}.')
  const names = Object.entries(value).flatMap(([resource, actions]) => {
    if (!Array.isArray(actions)) throw new RowRefusal(`its permissions for ${quoted(resource)} are no list.`)
    return actions.map((action) => `${resource}:${String(action)}`)
  })
  return foreignPermissions(names, area)
}
