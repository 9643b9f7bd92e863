import { createFields, type Fields } from '../fields.ts'
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
 * `$env://…` are references. `create_time` is in seconds. A credential comes after its consumer, as in etcd.
 */
export const apisix: SourceReader = {
  begin: beginApisix,
  lists: ['list', 'nodes', 'kvs'],
  isTextSource: true,
}

/** What a credential needs to know of its consumer, which alone can hold a restriction (admin/credentials.lua). */
type Consumer = {
  readonly restriction: unknown
  /** Names of what else stands there, and comes in with no credential. */
  readonly left: readonly string[]
}

/** Some hundred bytes each. */
const CONSUMERS_MAX = 1_000_000

function beginApisix() {
  const consumers = new Map<string, Consumer>()
  return (item: SourceItem) => readApisix(item, consumers)
}

function* readApisix({ line, fields }: SourceItem, consumers: Map<string, Consumer>): Found {
  const isEtcd = fields.text('mod_revision') !== undefined
  const path = decoded(fields.text('key'), isEtcd)
  const stored = fields.json('value')
  const raw = typeof stored === 'string' && isEtcd ? decoded(stored, true) : undefined
  // So APISIX marks its directories in etcd (apisix/cli/etcd.lua).
  if (raw === 'init_dir' && path?.endsWith('/')) return
  const value = raw === undefined ? stored : parsed(raw)
  const own = isObject(value) ? createFields(new Map(Object.entries(value))) : fields
  const [, named, credential] = /\/consumers\/([^/]+)(?:\/credentials\/([^/]+))?$/.exec(path ?? '') ?? []
  const owner = named ?? own.text('username')
  const plugins = own.json('plugins')
  const { 'key-auth': auth, 'ip-restriction': restriction, ...others } = isObject(plugins) ? plugins : {}
  own.text('username')
  const facts = {
    description: own.text('desc', 'name'),
    createdAt: own.time('s', 'create_time'),
    metadata: own.json('labels'),
  }
  const { rest, notes } = withoutSecrets('apisix', [...Object.entries(others), ...own.rest()], AUTH)
  // A consumer always has a name (schema_def.lua).
  const isCredential = credential !== undefined || owner === undefined
  if (!isCredential) keep(consumers, owner, { restriction, left: leftOf(facts, others, own) })
  // Without this plugin it has no key: another item may be the credential.
  if (auth === undefined) return
  const consumer = isCredential ? consumerOf(owner, restriction, consumers) : { restriction, left: [] }
  if (consumer.left.length > 0) notes.push(`Left out of its consumer: ${consumer.left.join(', ')}.`)
  yield {
    line,
    source: 'apisix' as const,
    key: keyOf(isObject(auth) ? auth.key : undefined, isEtcd),
    externalUserId: owner,
    ...facts,
    whitelistedIPs: restrictionOf(consumer.restriction, 'whitelist', 'blacklist'),
    rest: [['credential', credential] as const, ...rest],
    notes,
  }
}

/** Plugins that hold how somebody signs in. */
const AUTH = /auth|wolf-rbac|openid-connect|jwe-/

function keep(consumers: Map<string, Consumer>, name: string, consumer: Consumer): void {
  if (consumers.size >= CONSUMERS_MAX) {
    throw new RowRefusal(`the file has more than ${CONSUMERS_MAX} consumers: import it in parts.`)
  }
  consumers.set(name, consumer)
}

function leftOf(facts: object, others: object, consumer: Fields): string[] {
  const named = Object.entries(facts).filter(([name, value]) => name !== 'createdAt' && value !== undefined)
  const rest = consumer.rest().filter(([name]) => name !== 'update_time')
  return [
    ...Object.keys(others),
    ...named.map(([name]) => (name === 'metadata' ? 'labels' : 'desc')),
    ...rest.map(([name]) => name),
  ]
}

function consumerOf(
  owner: string | undefined,
  restriction: unknown,
  consumers: ReadonlyMap<string, Consumer>,
): Consumer {
  if (restriction !== undefined) {
    throw new RowRefusal(
      'it is a credential with an ip-restriction, which APISIX keeps with the consumer only.',
    )
  }
  const consumer = owner === undefined ? undefined : consumers.get(owner)
  if (consumer !== undefined) return consumer
  throw new RowRefusal(
    'its consumer does not stand before it in the file, and may be restricted to addresses: export the consumers ' +
      'too, before their credentials, as docs/use/moving-in.md shows.',
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
