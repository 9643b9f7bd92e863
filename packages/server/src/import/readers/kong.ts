import { createFields, type Fields } from '../fields.ts'
import { foreignPermissions } from '../foreign-permissions.ts'
import { foreignTime } from '../foreign-time.ts'
import { isObject } from '../is-object.ts'
import type { Found, SourceItem, SourceReader } from '../reader.ts'
import { restrictionOf } from '../restriction.ts'
import { RowRefusal } from '../source-error.ts'
import { withoutSecrets } from '../without-secrets.ts'

/**
 * Keys of Kong's plugin key-auth, as texts (Kong/kong, plugins/key-auth/daos.lua). Nested in consumers: `deck gateway
 * dump`. By themselves with `consumer`: `kong config db_export` and the Admin API's `/key-auths`. The table
 * keyauth_credentials (id, created_at, consumer_id, key, tags, ttl, ws_id), with `custom_id` and `username` where they are
 * joined to it. `ttl` is a moment in the table (TIMESTAMP WITH TIME ZONE, migrations/002_130_to_140.lua), but the seconds
 * left everywhere else, counted when the export was made (handler.lua: 0 is expired). `created_at` is in seconds.
 */
export const kong: SourceReader = {
  read: readKong,
  lists: ['consumers', 'keyauth_credentials', 'data'],
  isTextSource: true,
}

function readKong(item: SourceItem): Found {
  const nested = item.fields.json('keyauth_credentials')
  if (nested !== undefined) return readConsumer(item, nested)
  const key = item.fields.text('key')
  // A consumer without keys.
  if (key === undefined) return []
  return [readCredential(item, item.fields, key, ownerOf(item.fields))]
}

type Owner = {
  readonly id: string | undefined
  readonly permissions?: string[] | undefined
  readonly whitelistedIPs?: string[] | undefined
  readonly rest: readonly [string, unknown][]
}

function ownerOf(fields: Fields): Owner {
  const customId = fields.text('custom_id')
  const username = fields.text('username')
  const consumer = fields.json('consumer', 'consumer_id')
  const reference = isObject(consumer) ? consumer.id : consumer
  const id = customId ?? username ?? (typeof reference === 'string' ? reference : undefined)
  // Whichever names the owner is there already.
  const rest: [string, unknown][] = [
    ['username', username],
    ['consumer', reference],
  ]
  return { id, rest: rest.filter(([, value]) => value !== id) }
}

function* readConsumer(item: SourceItem, nested: unknown): Found {
  if (!Array.isArray(nested)) throw new RowRefusal('its keyauth_credentials are no list.')
  const { fields, line, options } = item
  const plugins = fields.json('plugins')
  const owner = {
    ...ownerOf(fields),
    permissions: groupsOf(fields.json('acls'), options.permissionArea),
    whitelistedIPs: allowedOf(plugins),
  }
  const others = fields.rest().filter(([name]) => name !== 'tags' && name !== 'created_at')
  const { rest, notes } = withoutSecrets(
    'kong',
    [...others, ...otherPlugins(plugins)].map(([name, value]) => [`consumer.${name}`, value]),
    CREDENTIALS,
  )
  for (const credential of nested) {
    try {
      const own = createFields(new Map(isObject(credential) ? Object.entries(credential) : []))
      const draft = readCredential(item, own, own.text('key'), owner)
      yield {
        ...draft,
        rest: [...draft.rest, ...rest],
        notes,
      }
    } catch (error) {
      if (!(error instanceof RowRefusal)) throw error
      yield { line, refused: error.message }
    }
  }
}

/** The other ways in that deck nests: jwt_secrets, basicauth_credentials, hmacauth_credentials, and so on. */
const CREDENTIALS = /(?:_credentials|_secrets)$/

function readCredential(
  { line, options }: SourceItem,
  fields: Fields,
  key: string | undefined,
  owner: Owner,
) {
  if (key !== undefined && /^\$\{\{|^\{vault:\/\//.test(key)) {
    throw new RowRefusal('its key is a reference, not the text: export from the running Kong.')
  }
  return {
    line,
    source: 'kong' as const,
    key,
    externalUserId: owner.id,
    permissions: owner.permissions,
    whitelistedIPs: owner.whitelistedIPs,
    createdAt: fields.time('s', 'created_at'),
    expiresAt: endOf(fields, options.exportedAtMs),
    rest: [...owner.rest, ...fields.rest()],
  }
}

function endOf(fields: Fields, exportedAtMs: number | undefined): string | undefined {
  const ttl = fields.text('ttl')
  if (ttl === undefined) return undefined
  const moment = createFields(new Map([['ttl', ttl]]))
  if (!/^\d+(?:\.\d+)?$/.test(ttl)) return moment.time('s', 'ttl')
  if (exportedAtMs === undefined) {
    throw new RowRefusal(
      'its ttl counts from the moment of the export: say when that was, as with --exported-at.',
    )
  }
  return foreignTime('ttl', exportedAtMs + Number(ttl) * 1_000, 'ms')
}

/** The groups that the plugin acl asks for: what a key of this consumer may do more than others. */
function groupsOf(acls: unknown, area: string | undefined): string[] | undefined {
  if (!Array.isArray(acls) || acls.length === 0) return undefined
  const groups = acls.map((acl) => (isObject(acl) ? String(acl.group) : String(acl)))
  return foreignPermissions(
    groups.map((group) => `group:${group.toLowerCase()}`),
    area,
  )
}

function allowedOf(plugins: unknown): string[] | undefined {
  const plugin = Array.isArray(plugins) ? plugins.find(isRestriction) : undefined
  return restrictionOf(plugin?.config, 'allow', 'deny')
}

const isRestriction = (plugin: unknown): boolean =>
  isObject(plugin) && plugin.name === 'ip-restriction' && plugin.enabled !== false

function otherPlugins(plugins: unknown): [string, unknown][] {
  if (!Array.isArray(plugins)) return plugins === undefined ? [] : [['plugins', plugins]]
  const restriction = plugins.find(isRestriction)
  return plugins
    .filter((plugin) => plugin !== restriction)
    .map((plugin) => [isObject(plugin) ? `plugins.${plugin.name}` : 'plugins', plugin])
}
