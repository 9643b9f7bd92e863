/** Gateways that cannot be run here: what their documented configurations say, and the questions that it makes them ask. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'
import { readRecorded, sendOverWire } from './recorded-request.ts'
import { denied, VERDICT_HEADERS, verdictOf } from './verdict-checks.ts'

const RECIPES = join(import.meta.dirname, '../../../../docs/use/gateways')
const readRecipe = (name: string): Parsed => parse(readFileSync(join(RECIPES, name), 'utf8'))

const CLIENT = '198.51.100.7'
const SEPARATORS = [..."-_.!#$%&'*+^`|~"]
const NEEDED = ['x-api-key', 'authorization']
/** Where a client says that it is. The gateway says so in X-Forwarded-For. */
const CLAIMS = ['Forwarded', 'True-Client-IP', 'X-Client-IP', 'X-Cluster-Client-IP']

const traefik = readRecipe('traefik.yaml').http
const { forwardAuth: reading } = traefik.middlewares['latchkey-reading']
const { forwardAuth: writing } = traefik.middlewares['latchkey-writing']
const [{ plugins: apisix }] = readRecipe('apisix.yaml').routes
const [listener] = readRecipe('envoy.yaml').static_resources.listeners
const manager = listener.filter_chains[0].filters[0].typed_config
const envoy: Parsed = Object.fromEntries(
  manager.http_filters.map((filter: Parsed) => [filter.name.split('.').at(-1), filter.typed_config]),
)

const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.1/32' })
let port: number
let reader: Parsed
let writer: Parsed

beforeAll(async () => {
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
  const create = (permissions: string[]) =>
    expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, permissions, whitelistedIPs: [CLIENT] },
    })
  reader = await create(['orders:read'])
  writer = await create(['orders:write'])
})

const targetOf = (url: string) => url.slice(new URL(url).origin.length)

describe.each([
  ['traefik', () => targetOf(reading.address), () => reader, () => writer],
  ['traefik', () => targetOf(writing.address), () => writer, () => reader],
  ['envoy', () => envoy.ext_authz.http_service.path_prefix, () => reader, () => writer],
  ['apisix-get', () => targetOf(apisix['forward-auth'].uri), () => reader, () => writer],
  ['apisix-post', () => targetOf(apisix['forward-auth'].uri), () => reader, () => writer],
])('the question of %s', (name, uri, able, unable) => {
  const ask = (secret: string, client: string) =>
    sendOverWire(port, readRecorded(name, { uri: uri(), secret, client }))

  test('lets through who may, and nobody else', async () => {
    const yes = await ask(able().key, CLIENT)
    expect(yes).toMatchObject({ status: 200, text: '' })
    expect(verdictOf(yes)).toMatchObject({ 'key-id': able().id })
    const no = await ask(unable().key, CLIENT)
    expect(no.status).toBe(403)
    expect(verdictOf(no)).toEqual(denied(403, 'missing_permission'))
    expect(verdictOf(await ask(able().key, '198.51.100.8'))).toEqual(denied(403, 'ip_not_allowed'))
    expect((await ask('lk_live_wrong', CLIENT)).status).toBe(401)
  })
})

describe('every recipe sends few headers', () => {
  test.each([
    ['Traefik, reading', reading.authRequestHeaders, NEEDED],
    ['Traefik, writing', writing.authRequestHeaders, NEEDED],
    ['APISIX', apisix['forward-auth'].request_headers, NEEDED],
    [
      'Envoy',
      envoy.ext_authz.allowed_headers.patterns.map(({ exact }: Parsed) => exact),
      [...NEEDED, 'x-forwarded-for'],
    ],
  ])('%s', (_name, sent: string[], needed) => {
    expect(sent.map((name) => name.toLowerCase())).toEqual(needed)
  })
})

describe('what a client says about itself', () => {
  test('is replaced by APISIX, by names: all that Latchkey answers', () => {
    const names = apisix['forward-auth'].upstream_headers.map((name: string) => name.toLowerCase())
    expect(names).toEqual(VERDICT_HEADERS)
    expect(readFileSync(join(RECIPES, 'apisix.yaml'), 'utf8')).toContain('underscores_in_headers: "off"')
  })

  test.each([reading, writing])(
    'is replaced by Traefik, in every spelling',
    ({ authResponseHeadersRegex }) => {
      // Go writes the flag into the expression.
      const pattern = new RegExp(authResponseHeadersRegex.replace('(?i)', ''), 'i')
      const names = VERDICT_HEADERS
      for (const name of names.flatMap((each) =>
        SEPARATORS.map((separator) => each.replaceAll('-', () => separator)),
      )) {
        expect([name, name.toUpperCase()].filter((spelled) => !pattern.test(spelled))).toEqual([])
      }
      for (const other of [
        'Authorization',
        'X-Forwarded-For',
        'X-Author',
        'My-X-Auth-User-Id',
        'XAuth-User-Id',
      ]) {
        expect(pattern.test(other), other).toBe(false)
      }
    },
  )

  test('is replaced by Envoy, which removes before it asks', () => {
    expect(Object.keys(envoy)).toEqual(['lua', 'ext_authz', 'router'])
    expect(envoy.ext_authz.http_service.authorization_response.allowed_upstream_headers.patterns).toEqual([
      { prefix: 'x-auth-' },
    ])
  })
})

test('no recipe goes on without an answer, and none hands on the secret, nor where a client says that it is', () => {
  expect(envoy.ext_authz).toMatchObject({ failure_mode_allow: false })
  expect(apisix['forward-auth']).toMatchObject({ allow_degradation: false, status_on_error: 503 })
  const [{ request_headers_to_remove: removed }] = manager.route_config.virtual_hosts[0].routes
  const namesOfEnvoy = ['Host', 'Port', 'Prefix', 'Server'].map((name) => `X-Forwarded-${name}`)
  const claims = [...CLAIMS, ...namesOfEnvoy, 'X-Real-IP'].map((name) => name.toLowerCase())
  expect([...removed].sort()).toEqual([...NEEDED, ...claims].sort())
  expect(traefik.middlewares['without-secret'].headers.customRequestHeaders).toEqual({
    'X-API-KEY': '',
    Authorization: '',
    'X-HTTP-Method-Override': '',
    'X-HTTP-Method': '',
    'X-Method-Override': '',
    ...Object.fromEntries(CLAIMS.map((name) => [name, ''])),
    Upgrade: '',
    'HTTP2-Settings': '',
  })
  for (const { middlewares } of Object.values<Parsed>(traefik.routers)) {
    expect(middlewares).toEqual([expect.stringMatching(/^latchkey-/), 'without-secret'])
  }
  for (const name of ['X-API-KEY', 'Authorization', ...CLAIMS]) {
    expect(apisix['serverless-post-function'].functions[0]).toContain(`"${name}"`)
  }
})
