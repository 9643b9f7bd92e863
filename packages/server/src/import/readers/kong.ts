import { createFields, type Fields } from '../fields.ts'
import { foreignTime } from '../foreign-time.ts'
import { isObject } from '../is-object.ts'
import type { Found, SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { BESIDE, boundsIn, type KongBounds, readKongBounds } from './kong-bounds.ts'
import { isCarried, type Limits, limitsOf } from './kong-limits.ts'

/**
 * Keys of Kong's plugin key-auth, as texts (Kong/kong, plugins/key-auth/daos.lua). Nested in consumers: `deck gateway
 * dump`. By themselves with `consumer`: `kong config db_export` and the Admin API's `/key-auths`. The table
 * keyauth_credentials (id, created_at, consumer_id, key, tags, ttl, ws_id), with `custom_id` and `username` where they are
 * joined to it. `ttl` is a moment in the table (TIMESTAMP WITH TIME ZONE, migrations/002_130_to_140.lua), but the seconds
 * left everywhere else, counted when the export was made (handler.lua: 0 is expired). `created_at` is in seconds.
 * What bounds a consumer may stand in it or elsewhere in the file.
 */
export const kong: SourceReader = {
  beginAfter: async (items) => {
    const beside = await readKongBounds(items)
    return (item) => readKong(item, beside)
  },
  beside: BESIDE,
  lists: ['consumers', 'keyauth_credentials', 'data'],
  isTextSource: true,
}

function readKong(item: SourceItem, beside: KongBounds): Found {
  const { fields, options } = item
  const nested = fields.json('keyauth_credentials')
  if (nested !== undefined) return readConsumer(item, nested, beside)
  const key = fields.text('key')
  // A consumer without keys.
  if (key === undefined) return []
  const { reference, ...owner } = ownerOf(fields)
  if (reference === undefined)
    throw new RowRefusal('it names no consumer, which may be restricted: export it too.')
  const bounds = limitsOf(
    { inside: boundsIn({}), outside: beside.find(reference) },
    beside,
    options.permissionArea,
  )
  const notes = beside.isWhole ? bounds.notes : [NOT_WHOLE]
  return [readCredential(item, fields, key, { ...owner, ...bounds, notes })]
}

const NOT_WHOLE =
  'Groups and plugins of its consumer are not in such a file: where they limit the key, export with deck.'

type Owner = Limits & {
  readonly id: string | undefined
  readonly rest: readonly [string, unknown][]
}

function ownerOf(fields: Fields) {
  const customId = fields.text('custom_id')
  const username = fields.text('username')
  const consumer = fields.json('consumer', 'consumer_id')
  const reference = isObject(consumer) ? consumer.id : consumer
  const named = typeof reference === 'string' ? reference : undefined
  const id = customId ?? username ?? named
  // Whichever names the owner is there already.
  const rest: [string, unknown][] = [
    ['username', username],
    ['consumer', reference],
  ]
  return { id, username, reference: named, rest: rest.filter(([, value]) => value !== id) }
}

function* readConsumer(item: SourceItem, nested: unknown, beside: KongBounds): Found {
  if (!Array.isArray(nested)) throw new RowRefusal('its keyauth_credentials are no list.')
  const { fields, line, options } = item
  const [plugins, acls, groups] = [fields.json('plugins'), fields.json('acls'), fields.json('groups')]
  const { username, reference: _, ...named } = ownerOf(fields)
  const all = fields.rest()
  const id = all.find(([name]) => name === 'id')?.[1]
  const inside = boundsIn({ plugins, acls, groups })
  const outside = beside.find(id, username)
  const bounds = limitsOf({ inside, outside }, beside, options.permissionArea)
  const owner = { ...named, ...bounds }
  const others = all.filter(([name]) => name !== 'tags' && name !== 'created_at')
  if (groups !== undefined) others.push(['groups', groups])
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
        notes: [...notes, ...draft.notes],
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
    status: owner.status,
    notes: owner.notes,
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

function otherPlugins(plugins: unknown): [string, unknown][] {
  if (!Array.isArray(plugins)) return plugins === undefined ? [] : [['plugins', plugins]]
  return plugins
    .filter((plugin) => !isObject(plugin) || !isCarried(plugin))
    .map((plugin) => [isObject(plugin) ? `plugins.${plugin.name}` : 'plugins', plugin])
}
