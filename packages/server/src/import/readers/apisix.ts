import { createFields, type Fields } from '../fields.ts'
import { foreignPermissions } from '../foreign-permissions.ts'
import { isObject } from '../is-object.ts'
import type { Found, SourceItem, SourceReader } from '../reader.ts'
import { restrictionOf } from '../restriction.ts'
import { RowRefusal } from '../source-error.ts'
import { withoutSecrets } from '../without-secrets.ts'

/**
 * Consumers and credentials of Apache APISIX: the answer of its Admin API (`{"list":[{"key":"/apisix/consumers/jack",
 * "value":{…}}]}`, before version 3 `{"node":{"nodes":[…]}}`), or what `etcdctl get --prefix -w json` writes, whose keys
 * and values are base64. The key stands as text in `plugins["key-auth"].key` (apache/apisix, plugins/key-auth.lua). In
 * etcd it may be encrypted (`encrypt_fields`, AES, base64); the Admin API decrypts it (admin/init.lua). `$secret://…` and
 * `$env://…` are references. `create_time` is in seconds. A credential comes after its consumer, and a consumer after its
 * group, as in etcd; a plugin of the consumer goes before that of its group (apisix/plugin.lua).
 */
export const apisix: SourceReader = {
  begin: beginApisix,
  lists: ['list', 'nodes', 'kvs'],
  isTextSource: true,
}

/** What of a consumer bounds each of its credentials, which hold no bounds of their own (admin/credentials.lua). */
type Consumer = {
  readonly bounds: Bounds
  /** Why none of its keys can be taken. */
  readonly refused?: string
  /** Names of what else stands there, and comes in with no credential. */
  readonly left: readonly string[]
  readonly notes: readonly string[]
}

type Bounds = {
  readonly restriction: unknown
  /** Which routes or services it is for. */
  readonly places: unknown
}

type Group = { readonly bounds: Bounds; readonly left: readonly string[] }

/** Some hundred bytes each. */
const KEPT_MAX = 1_000_000

type Known = { readonly consumers: Map<string, Consumer>; readonly groups: Map<string, Group> }

function beginApisix() {
  const known: Known = { consumers: new Map(), groups: new Map() }
  return (item: SourceItem) => readApisix(item, known)
}

function* readApisix({ line, fields, options }: SourceItem, known: Known): Found {
  const isEtcd = fields.text('mod_revision') !== undefined
  const path = decoded(fields.text('key'), isEtcd)
  const stored = fields.json('value')
  const raw = typeof stored === 'string' && isEtcd ? decoded(stored, true) : undefined
  // So APISIX marks its directories in etcd (apisix/cli/etcd.lua).
  if (raw === 'init_dir' && path?.endsWith('/')) return
  const value = raw === undefined ? stored : parsed(raw)
  const own = isObject(value) ? createFields(new Map(Object.entries(value))) : fields
  const { auth, others, bounds } = pluginsOf(own)
  const group = /\/consumer_groups\/([^/]+)$/.exec(path ?? '')?.[1]
  if (group !== undefined) return keep(known.groups, group, { bounds, left: Object.keys(others) })
  const [, named, credential] = /\/consumers\/([^/]+)(?:\/credentials\/([^/]+))?$/.exec(path ?? '') ?? []
  const owner = named ?? own.text('username')
  own.text('username')
  const facts = {
    description: own.text('desc', 'name'),
    createdAt: own.time('s', 'create_time'),
    metadata: own.json('labels'),
  }
  const groupId = own.text('group_id')
  const rest = [...own.rest(), ...(groupId === undefined ? [] : [['group_id', groupId] as const])]
  const open = withoutSecrets('apisix', [...Object.entries(others), ...rest], AUTH)
  // A consumer always has a name (schema_def.lua).
  const isCredential = credential !== undefined || owner === undefined
  const left = leftOf(facts, others, rest)
  const itself = isCredential ? undefined : inGroup({ bounds, left, notes: [] }, groupId, known.groups)
  if (itself !== undefined) keep(known.consumers, owner!, itself)
  // Without this plugin it has no key: another item may be the credential.
  if (auth === undefined) return
  const consumer = itself ?? consumerOf(owner, bounds, known.consumers)
  if (consumer.refused !== undefined) throw new RowRefusal(consumer.refused)
  const isLeft = isCredential && consumer.left.length > 0
  yield {
    line,
    source: 'apisix' as const,
    key: keyOf(isObject(auth) ? auth.key : undefined, isEtcd),
    externalUserId: owner,
    ...facts,
    permissions: placesOf(consumer.bounds.places, options.permissionArea),
    whitelistedIPs: restrictionOf(consumer.bounds.restriction, 'whitelist', 'blacklist'),
    rest: [['credential', credential] as const, ...open.rest],
    notes: [
      ...open.notes,
      ...(isLeft ? [`Left out of its consumer: ${consumer.left.join(', ')}.`] : []),
      ...consumer.notes,
    ],
  }
}

function pluginsOf(fields: Fields) {
  const plugins = fields.json('plugins')
  const {
    'key-auth': auth,
    'ip-restriction': restriction,
    'consumer-restriction': places,
    ...others
  } = isObject(plugins) ? plugins : {}
  return { auth, others, bounds: { restriction, places } }
}

/** Plugins that hold how somebody signs in. */
const AUTH = /auth|wolf-rbac|openid-connect|jwe-/

function keep<Each>(known: Map<string, Each>, name: string, each: Each): void {
  if (known.size >= KEPT_MAX) {
    throw new RowRefusal(`the file has more than ${KEPT_MAX} consumers: import it in parts.`)
  }
  known.set(name, each)
}

/** Names of what a credential takes nothing of. */
function leftOf(facts: object, others: object, rest: readonly (readonly [string, unknown])[]): string[] {
  const named = Object.entries(facts).filter(([name, value]) => name !== 'createdAt' && value !== undefined)
  return [
    ...Object.keys(others),
    ...named.map(([name]) => (name === 'metadata' ? 'labels' : 'desc')),
    ...rest.flatMap(([name]) => (name === 'update_time' ? [] : [name])),
  ]
}

function inGroup(consumer: Consumer, id: string | undefined, groups: ReadonlyMap<string, Group>): Consumer {
  if (id === undefined) return consumer
  const group = groups.get(id)
  if (group === undefined) {
    return {
      ...consumer,
      refused:
        'its consumer group does not stand before it in the file, and may be restricted: export the groups too, before ' +
        'the consumers, as docs/use/moving-in.md shows.',
    }
  }
  const { restriction, places } = consumer.bounds
  const bounds = {
    restriction: restriction ?? group.bounds.restriction,
    places: places ?? group.bounds.places,
  }
  const { left } = group
  const notes = left.length === 0 ? [] : [`Left out of its consumer group ${id}: ${left.join(', ')}.`]
  return { ...consumer, bounds, notes }
}

function consumerOf(
  owner: string | undefined,
  { restriction, places }: Bounds,
  consumers: ReadonlyMap<string, Consumer>,
): Consumer {
  if (restriction !== undefined || places !== undefined) {
    throw new RowRefusal(
      `it is a credential with ${restriction === undefined ? 'a consumer' : 'an ip'}-restriction, which APISIX keeps with the consumer only.`,
    )
  }
  const consumer = owner === undefined ? undefined : consumers.get(owner)
  if (consumer !== undefined) return consumer
  throw new RowRefusal(
    'its consumer does not stand before it in the file, and may be restricted to addresses: export the consumers ' +
      'too, before their credentials, as docs/use/moving-in.md shows.',
  )
}

const PLACES: Readonly<Record<string, string>> = { service_id: 'service', route_id: 'route' }

/** The services or routes that a consumer is for, as permissions (plugins/consumer-restriction.lua). */
function placesOf(config: unknown, area: string | undefined): string[] | undefined {
  if (config === undefined) return undefined
  const { type, whitelist, ...others } = isObject(config) ? config : {}
  const place = typeof type === 'string' && Object.hasOwn(PLACES, type) ? PLACES[type] : undefined
  const isNarrower = 'blacklist' in others || 'allowed_by_methods' in others
  if (place === undefined || isNarrower || !Array.isArray(whitelist) || whitelist.length === 0) {
    throw new RowRefusal(
      'its owner has a consumer-restriction that is no whitelist of services or routes, which a key here cannot have: ' +
        'make it one of those, and export again.',
    )
  }
  return foreignPermissions(
    whitelist.map((id) => `${place}:${id}`),
    area,
  )
}

function keyOf(key: unknown, isEtcd: boolean): string {
  if (typeof key !== 'string') throw new RowRefusal('its key-auth has no key.')
  if (/^\$(?:secret|env):\/\//i.test(key)) {
    throw new RowRefusal(
      'its key is a reference to a store of secrets: put the text in its place, and import again.',
    )
  }
  if (isEtcd && isEncrypted(key)) {
    throw new RowRefusal(
      'its key looks encrypted, as APISIX keeps keys in etcd: export through the Admin API, which decrypts them.',
    )
  }
  return key
}

/** Whole blocks of AES in base64. */
function isEncrypted(text: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return false
  return Buffer.from(text, 'base64').length % 16 === 0
}

const decoded = (text: string | undefined, isEtcd: boolean): string | undefined =>
  text !== undefined && isEtcd ? Buffer.from(text, 'base64').toString('utf8') : text

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw new RowRefusal('its value is no JSON in base64, as etcdctl writes it with -w json.')
  }
}
