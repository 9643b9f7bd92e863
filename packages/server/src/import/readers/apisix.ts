import { createFields } from '../fields.ts'
import { isObject } from '../is-object.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { restrictionOf } from '../restriction.ts'
import { RowRefusal } from '../source-error.ts'

/**
 * Consumers and credentials of Apache APISIX: the answer of its Admin API (`{"list":[{"key":"/apisix/consumers/jack",
 * "value":{…}}]}`, before version 3 `{"node":{"nodes":[…]}}`), or what `etcdctl get --prefix -w json` writes, whose keys
 * and values are base64. The key stands as text in `plugins["key-auth"].key` (apache/apisix, plugins/key-auth.lua). In
 * etcd it may be encrypted (`encrypt_fields`, AES, base64); the Admin API decrypts it (admin/init.lua). `$secret://…` and
 * `$env://…` are references. `create_time` is in seconds.
 */
export const apisix: SourceReader = { read: readApisix, lists: ['list', 'nodes', 'kvs'], isTextSource: true }

function* readApisix({ line, fields }: SourceItem) {
  const isEtcd = fields.text('mod_revision') !== undefined
  const path = decoded(fields.text('key'), isEtcd)
  const stored = fields.json('value')
  const value = typeof stored === 'string' && isEtcd ? parsed(decoded(stored, true)) : stored
  const consumer = isObject(value) ? createFields(new Map(Object.entries(value))) : fields
  const plugins = consumer.json('plugins')
  const auth = isObject(plugins) ? plugins['key-auth'] : undefined
  // A consumer without this plugin has no key: another of its items may be the credential.
  if (!isObject(plugins) || auth === undefined) return
  const [, owner, credential] = /\/consumers\/([^/]+)(?:\/credentials\/([^/]+))?$/.exec(path ?? '') ?? []
  const others = Object.entries(plugins).filter(([name]) => name !== 'key-auth' && name !== 'ip-restriction')
  const username = consumer.text('username')
  yield {
    line,
    source: 'apisix' as const,
    key: keyOf(isObject(auth) ? auth.key : undefined, isEtcd),
    externalUserId: owner ?? username,
    description: consumer.text('desc', 'name'),
    whitelistedIPs: restrictionOf(plugins['ip-restriction'], 'whitelist', 'blacklist'),
    createdAt: consumer.time('s', 'create_time'),
    metadata: consumer.json('labels'),
    rest: [['credential', credential] as [string, unknown], ...others, ...consumer.rest()],
  }
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
