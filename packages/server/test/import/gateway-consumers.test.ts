/** What stands on a consumer of a gateway: it restricts each of its keys, or is a secret that no key may tell. */
import { describe, expect, it } from 'vitest'
import { ACME, base64, EXPORTED_AT, linesOf, OTHER } from './expected-keys.ts'
import { readAll, refusals, rowsOf } from './reading.ts'

type Plugins = Readonly<Record<string, object>>
const consumer = (name: string, plugins: Plugins, more: object = {}) => ({
  key: `/apisix/consumers/${name}`,
  value: { username: name, plugins, create_time: 1734329245, update_time: 1734329245, ...more },
})
const credential = (name: string, id: string, key: string, plugins: Plugins = {}) => ({
  key: `/apisix/consumers/${name}/credentials/${id}`,
  value: { id, plugins: { 'key-auth': { key }, ...plugins } },
})
const group = (id: string, plugins: Plugins) => ({
  key: `/apisix/consumer_groups/${id}`,
  value: { id, plugins },
})
const listOf = (...items: object[]): string => `${JSON.stringify({ total: items.length, list: items })}\n`
const inEtcd = (...items: { key: string; value: object }[]): string =>
  JSON.stringify({
    kvs: items.map(({ key, value }) => ({
      key: base64(key),
      mod_revision: 3,
      value: base64(JSON.stringify(value)),
    })),
  })
const FROM_OFFICE = { 'ip-restriction': { whitelist: ['192.0.2.0/24'] } }
const NOT_FROM_THERE = { 'ip-restriction': { blacklist: ['192.0.2.1'] } }

describe('a credential of APISIX', () => {
  it.each([
    ['one answer', listOf(consumer('jill', FROM_OFFICE), credential('jill', 'c1', ACME))],
    [
      'an answer for each list',
      listOf(consumer('jill', FROM_OFFICE)) + listOf(credential('jill', 'c1', ACME)),
    ],
    [
      'etcd, where other consumers stand between',
      inEtcd(
        consumer('jill', FROM_OFFICE),
        consumer('jill-2', {}),
        credential('jill-2', 'c2', OTHER),
        credential('jill', 'c1', ACME),
      ),
    ],
  ])('is restricted as its consumer is: %s', async (_name, file) => {
    const entries = await readAll('apisix', file, {}, 7)
    expect(refusals(entries)).toEqual([])
    const rows = rowsOf(entries)
    expect(rows.map(({ externalUserId, whitelistedIPs }) => [externalUserId, whitelistedIPs])).toEqual([
      ...(rows.length > 1 ? [['jill-2', undefined]] : []),
      ['jill', ['192.0.2.0/24']],
    ])
  })

  it('is refused where its consumer has a list of addresses that are not allowed', async () => {
    const file = listOf(
      consumer('jill', NOT_FROM_THERE),
      credential('jill', 'c1', ACME),
      consumer('jack', {}),
    )
    const entries = await readAll('apisix', file)
    expect(refusals(entries)).toEqual([
      expect.stringMatching(/^1: its owner has a list of addresses that are not allowed/),
    ])
    expect(rowsOf(entries)).toEqual([])
  })

  it.each([
    ['is not in the file', listOf(consumer('jack', {}), credential('jill', 'c1', ACME))],
    ['comes later', listOf(credential('jill', 'c1', ACME), consumer('jill', FROM_OFFICE))],
    ['is not named', linesOf({ id: 'c1', plugins: { 'key-auth': { key: ACME } } })],
  ])('is refused where its consumer %s', async (_name, file) => {
    const entries = await readAll('apisix', file)
    expect(refusals(entries)).toEqual([expect.stringMatching(/export the consumers too, before/)])
    expect(rowsOf(entries)).toEqual([])
  })

  it('is refused with a restriction of its own, which nothing there looks at', async () => {
    const file = listOf(consumer('jill', {}), credential('jill', 'c1', ACME, FROM_OFFICE))
    expect(refusals(await readAll('apisix', file))).toEqual([
      expect.stringMatching(/^1: it is a credential with an ip-restriction/),
    ])
  })

  it('has a note of what else stands on its consumer', async () => {
    const more = { group_id: 'gold', labels: { team: 'red' } }
    const file = listOf(
      group('gold', { 'limit-req': { rate: 1 } }),
      consumer(
        'jill',
        { ...FROM_OFFICE, 'limit-count': { count: 2 }, 'jwt-auth': { secret: 's3cret' } },
        more,
      ),
      credential('jill', 'c1', ACME),
    )
    const [row] = rowsOf(await readAll('apisix', file))
    expect(row?.notes).toContain('Left out of its consumer: limit-count, jwt-auth, labels, group_id.')
    expect(row?.notes).toContain('Left out of its consumer group gold: limit-req.')
    expect(row?.metadata).toEqual({ 'apisix.credential': 'c1', 'apisix.id': 'c1' })
  })

  it('of another kind needs no consumer', async () => {
    const basic = { ...credential('jill', 'c1', ACME), value: { plugins: { 'basic-auth': {} } } }
    expect(await readAll('apisix', listOf(basic))).toEqual([])
  })

  it('of one file is not restricted by the consumer of another', async () => {
    await readAll('apisix', listOf(consumer('jill', {})))
    expect(refusals(await readAll('apisix', listOf(credential('jill', 'c1', ACME))))).toHaveLength(1)
  })
})

it('what APISIX marks its directories with in etcd is passed over', async () => {
  const marks = ['/apisix/consumer_groups/', '/apisix/consumers/'].map((key) => ({
    key: base64(key),
    mod_revision: 2,
    value: base64('init_dir'),
  }))
  const jack = { username: 'jack', plugins: { 'key-auth': { key: ACME } } }
  const item = { key: base64('/apisix/consumers/jack'), mod_revision: 3, value: base64(JSON.stringify(jack)) }
  const broken = { ...item, value: base64('init_dir') }
  const entries = await readAll('apisix', JSON.stringify({ kvs: [...marks, item, broken] }))
  expect(rowsOf(entries)).toHaveLength(1)
  expect(refusals(entries)).toEqual([expect.stringMatching(/^1: its value is no JSON in base64/)])
})

describe('a consumer group of APISIX', () => {
  const jill = (plugins: Plugins = {}) =>
    consumer('jill', { 'key-auth': { key: ACME }, ...plugins }, { group_id: 'gold' })
  const withCredential = [consumer('jill', {}, { group_id: 'gold' }), credential('jill', 'c1', ACME)]

  it.each([
    ['a key of the consumer', [jill()], ['192.0.2.0/24']],
    ['a credential of the consumer', withCredential, ['192.0.2.0/24']],
    [
      'a consumer with a list of its own, which goes before',
      [jill({ 'ip-restriction': { whitelist: ['10.0.0.1'] } })],
      ['10.0.0.1'],
    ],
  ])('restricts %s', async (_name, items, whitelistedIPs) => {
    const file = listOf(group('gold', { ...FROM_OFFICE, 'limit-count': { count: 2 } }), ...items)
    const entries = await readAll('apisix', file)
    expect(refusals(entries)).toEqual([])
    const [row] = rowsOf(entries)
    expect(row?.whitelistedIPs).toEqual(whitelistedIPs)
    expect(row?.notes).toContain('Left out of its consumer group gold: limit-count.')
  })

  it.each([
    ['has a list of addresses that are not allowed', [group('gold', NOT_FROM_THERE)], /not allowed/],
    ['is not in the file', [], /its consumer group does not stand before it/],
    ['comes later', [], /its consumer group does not stand before it/, [group('gold', {})]],
  ])('that %s refuses its keys', async (_name, before, reason, after = []) => {
    for (const items of [[jill()], withCredential]) {
      const entries = await readAll('apisix', listOf(...before, ...items, ...after))
      expect(refusals(entries)).toEqual([expect.stringMatching(reason)])
      expect(rowsOf(entries)).toEqual([])
    }
  })

  it.each(['[]', '{}'])('may be none, in an answer of its own before the consumers: %s', async (none) => {
    const jack = consumer('jack', { 'key-auth': { key: ACME } })
    const entries = await readAll('apisix', `{"list":${none},"total":0}\n${listOf(jack)}`)
    expect(entries).toEqual([expect.objectContaining({ row: expect.anything() })])
  })

  it('stands before the consumers in etcd', async () => {
    const entries = await readAll('apisix', inEtcd(group('gold', FROM_OFFICE), jill()))
    expect(rowsOf(entries)[0]?.whitelistedIPs).toEqual(['192.0.2.0/24'])
  })

  it.each([
    [{ type: 'service_id', whitelist: ['orders', '7'] }, ['service:orders', 'service:7']],
    [{ type: 'route_id', whitelist: ['1'] }, ['route:1']],
  ])('or a consumer that is for %j only gives permissions', async (restriction, permissions) => {
    const only = { 'consumer-restriction': restriction }
    for (const items of [
      [group('gold', only), jill()],
      [group('gold', {}), jill(only)],
    ]) {
      const [row] = rowsOf(await readAll('apisix', listOf(...items)))
      expect(row?.permissions).toEqual(permissions)
    }
  })

  it.each([
    { type: 'service_id', blacklist: ['1'] },
    { type: 'route_id', allowed_by_methods: [{ user: 'jill', methods: ['GET'] }] },
    { whitelist: ['jack'] },
    { type: 'service_id' },
  ])('or a consumer that is not for all in another way (%j) is refused', async (restriction) => {
    const items = [group('gold', {}), jill({ 'consumer-restriction': restriction })]
    expect(refusals(await readAll('apisix', listOf(...items)))).toEqual([
      expect.stringMatching(/consumer-restriction/),
    ])
  })
})

describe('a secret of the same consumer', () => {
  it('stays out of a key of APISIX, with a note', async () => {
    const secrets: Plugins = {
      'jwt-auth': { key: 'jack', algorithm: 'RS256' },
      'basic-auth': { username: 'jack', password: 'hunter2' },
      'hmac-auth': { key_id: 'jack', secret_key: 'hunter2' },
      'wolf-rbac': { appid: 'hunter2' },
      'ldap-auth': { user_dn: 'cn=jack' },
      'openid-connect': { discovery: 'x' },
      'jwe-decrypt': { key: 'jack' },
      'limit-count-redis': { redis: { redis_password: 'hunter2' } },
      'proxy-rewrite': { headers: { set: { Authorization: 'hunter2' } } },
      'serverless-post': { header: 'x-api-key: hunter2' },
      'serverless-pre': { headers: ['X-To: Bearer hunter2'] },
      'deep-one': { a: JSON.parse(`${'['.repeat(20)}"hunter2"${']'.repeat(20)}`) as object },
    }
    const harmless = {
      'limit-count': { count: 2, key: 'remote_addr', redis_password: '', hide_token: false },
    }
    const [row] = rowsOf(
      await readAll(
        'apisix',
        listOf(consumer('jack', { 'key-auth': { key: ACME }, ...secrets, ...harmless })),
      ),
    )
    expect(Object.keys(row!.metadata).sort()).toEqual(['apisix.limit-count', 'apisix.update_time'])
    for (const name of Object.keys(secrets)) {
      expect(row?.notes).toContain(`apisix.${name} is left out: it may hold secrets.`)
    }
    expect(JSON.stringify(row)).not.toContain('hunter2')
  })

  it.each([
    [
      'JSON',
      JSON.stringify({
        consumers: [
          {
            username: 'jack',
            keyauth_credentials: [{ key: ACME }],
            jwt_secrets: [{ key: 'k', algorithm: 'HS256', secret: 'hunter2' }],
            basicauth_credentials: [{ username: 'jack', password: 'hunter2' }],
            hmacauth_credentials: [{ username: 'jack' }],
            oauth2_credentials: [{ client_id: 'jack' }],
            mtls_auth_credentials: [{ subject_name: 'jack' }],
            plugins: [
              { name: 'rate-limiting', config: { minute: 5, limit_by: 'credential', redis_password: null } },
              { name: 'request-transformer', config: { add: { headers: ['Authorization:hunter2'] } } },
            ],
          },
        ],
      }),
    ],
    [
      'YAML',
      `consumers:
- username: jack
  keyauth_credentials:
  - key: ${ACME}
  jwt_secrets:
  - key: k
    secret: hunter2
  basicauth_credentials:
  - {username: jack, password: hunter2}
  hmacauth_credentials: [{username: jack}]
  oauth2_credentials: [{client_id: jack}]
  mtls_auth_credentials: [{subject_name: jack}]
  plugins:
  - name: rate-limiting
    config: {minute: 5, limit_by: credential, redis_password: null}
  - name: request-transformer
    config: {add: {headers: ["Authorization:hunter2"]}}
`,
    ],
  ])('stays out of a key of Kong, with a note: %s', async (_name, file) => {
    const [row] = rowsOf(await readAll('kong', file))
    expect(Object.keys(row!.metadata)).toEqual(['kong.consumer.plugins.rate-limiting'])
    for (const name of [
      'jwt_secrets',
      'basicauth_credentials',
      'hmacauth_credentials',
      'oauth2_credentials',
    ]) {
      expect(row?.notes).toContain(`kong.consumer.${name} is left out: it may hold secrets.`)
    }
    expect(row?.notes).toContain('kong.consumer.mtls_auth_credentials is left out: it may hold secrets.')
    expect(row?.notes).toContain(
      'kong.consumer.plugins.request-transformer is left out: it may hold secrets.',
    )
    expect(JSON.stringify(row)).not.toContain('hunter2')
  })
})

it('a ttl of Kong that no time can hold costs its row only', async () => {
  const file = `keyauth_credentials:\n- {key: ${OTHER}, consumer: c, ttl: 99999999999999}\n- {key: ${ACME}, consumer: c}\n`
  const entries = await readAll('kong', file, { exportedAtMs: EXPORTED_AT })
  expect(refusals(entries)).toEqual([expect.stringMatching(/^2: ttl is .* which is no time/)])
  expect(rowsOf(entries)).toHaveLength(1)
})
