/** Which address counts as the client's. X-Forwarded-For is believed exactly as far as a trusted proxy wrote it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { expectCreated, startTestServer, type TestAnswer, type TestService } from '../../harness.ts'

let server: TestService
let direct: TestService

beforeAll(async () => {
  server = await startTestServer({
    LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1, 2001:db8:aaaa::/48, 127.0.0.1',
  })
  direct = await startTestServer()
})
afterAll(() => Promise.all([server.dispose(), direct.dispose()]))

type From = {
  readonly peer: string
  readonly forwarded?: string | string[] | undefined
  readonly key?: string
}

const PROXY = '10.0.0.1'
const CLIENT = '198.51.100.7'
const hops = (count: number, hop = '10.9.9.9') => Array.from({ length: count }, () => hop)

const me = ({ peer, forwarded, key }: From, through = server): Promise<TestAnswer> =>
  through.call({
    path: '/me',
    from: peer,
    ...(key === undefined ? {} : { key }),
    ...(forwarded === undefined ? {} : { headers: { 'x-forwarded-for': forwarded } }),
  })

const seen = async (from: From, through?: TestService): Promise<unknown> =>
  (await me(from, through)).body.address

describe('the address seen', () => {
  test.each<
    readonly [name: string, peer: string, forwarded: string | string[] | undefined, seen: string | null]
  >([
    ['no header: the peer, a proxy or not', CLIENT, undefined, CLIENT],
    ['no header from a proxy: the proxy', PROXY, undefined, PROXY],
    ['a header of a peer that is not trusted counts for nothing', CLIENT, '203.0.113.9', CLIENT],
    ['however long it is', CLIENT, hops(200).join(','), CLIENT],
    ['or malformed', CLIENT, 'nonsense', CLIENT],
    ['one hop', PROXY, CLIENT, CLIENT],
    ['the client made up hops on the left', PROXY, `10.0.0.9, 127.0.0.1, ${CLIENT}`, CLIENT],
    ['the client made up the address that is allowed', PROXY, `203.0.113.9, ${CLIENT}, 10.1.1.1`, CLIENT],
    ['several proxies of ours', PROXY, `${CLIENT}, 10.1.1.1, 192.0.2.1, 10.2.2.2`, CLIENT],
    ['a proxy of ours behind a stranger', PROXY, `10.1.1.1, ${CLIENT}, 10.2.2.2`, CLIENT],
    ['all hops trusted: the leftmost', PROXY, '10.3.3.3, 10.1.1.1', '10.3.3.3'],
    ['spaces are no part of a hop', PROXY, `  ${CLIENT}  ,   10.1.1.1  `, CLIENT],
    ['several header lines are one list, in order', PROXY, [`203.0.113.9, ${CLIENT}`, '10.1.1.1'], CLIENT],
    ['of which the last was added last', PROXY, ['203.0.113.9', CLIENT], CLIENT],
    ['IPv6', PROXY, '2001:DB8:0::7', '2001:db8::7'],
    ['an IPv6 proxy', '2001:db8:aaaa::1', '2001:db8::7', '2001:db8::7'],
    ['an IPv6 neighbour of the proxies', '2001:db8:aaab::1', '2001:db8::7', '2001:db8:aaab::1'],
    ['a peer in IPv4-mapped form is the IPv4 address', '::ffff:198.51.100.7', undefined, CLIENT],
    ['a proxy in IPv4-mapped form is trusted too', '::ffff:10.0.0.1', CLIENT, CLIENT],
    ['a hop in IPv4-mapped form', PROXY, '::ffff:198.51.100.7', CLIENT],
    ['a trusted hop in IPv4-mapped form is walked past', PROXY, `${CLIENT}, ::ffff:10.1.1.1`, CLIENT],
    ['sixteen hops', PROXY, [CLIENT, ...hops(15)].join(','), CLIENT],
    ['seventeen hops: unknown', PROXY, [CLIENT, ...hops(16)].join(','), null],
    ['seventeen in several lines: unknown', PROXY, [CLIENT, ...hops(16)], null],
    ['two hundred hops: unknown', PROXY, [CLIENT, ...hops(199)].join(','), null],
    ['seventeen of which the last is a stranger: unknown', PROXY, [...hops(16), CLIENT].join(','), null],
    ['an empty header: unknown', PROXY, '', null],
    ['an empty hop before trusted ones: unknown', PROXY, `${CLIENT},,10.1.1.1`, null],
    ['a comma at the end: unknown', PROXY, `${CLIENT},`, null],
    ['a malformed hop on the way: unknown', PROXY, `${CLIENT}, nonsense, 10.1.1.1`, null],
    ['a malformed hop that was made up, left of the client', PROXY, `nonsense, ${CLIENT}`, CLIENT],
    ['an empty hop left of the client', PROXY, `,${CLIENT}`, CLIENT],
    ['tabs are no part of a hop', PROXY, `${CLIENT}\t,\t10.1.1.1`, CLIENT],
    [
      'a proxy of ours as NAT64 writes it is a stranger',
      PROXY,
      `${CLIENT}, 64:ff9b::10.1.1.1`,
      '64:ff9b::a01:101',
    ],
    ['a client as NAT64 writes it is no IPv4 address', PROXY, '64:ff9b::198.51.100.7', '64:ff9b::c633:6407'],
  ])('%s', async (_, peer, forwarded, expected) => {
    expect(await seen({ peer, forwarded })).toBe(expected)
  })

  test.each([
    '198.51.100.7:',
    '198.51.100.7:x',
    '198.51.100.7:443:443',
    '198.51.100.7:65536',
    '198.51.100.7:-1',
    '198.51.100.7 :443',
    '198.51.100.07:443',
    '198.51.100.7/32:443',
    'localhost:443',
    ':443',
    '[198.51.100.7]',
    '[198.51.100.7]:443',
    '[2001:db8::7',
    '2001:db8::7]',
    '[2001:db8::7]443',
    '[2001:db8::7]:',
    '[2001:db8::7]:65536',
    '[[2001:db8::7]]:443',
    '[]:443',
    '[fe80::1%eth0]:443',
    '[::10.0.0.1]:443',
    '198.51.100.07',
    '198.51.100',
    '198.51.100.7/32',
    '0xc6336407',
    '3325256711',
    'unknown',
    '_hidden',
    'localhost',
    'fe80::1%eth0',
    '"198.51.100.7"',
    'for=198.51.100.7',
    'for="[2001:db8::7]:443"',
    "'198.51.100.7'",
    'unix:',
    '-',
    '2001:db8::1.55',
    '198.51.100.7 10.1.1.1',
    '198.51.100.7;10.1.1.1',
    '::10.0.0.1',
    '１９８.51.100.7',
  ])('a hop %s is no address: unknown', async (hop) => {
    expect(await seen({ peer: PROXY, forwarded: hop })).toBe(null)
    expect(await seen({ peer: PROXY, forwarded: `${CLIENT}, ${hop}` })).toBe(null)
  })

  test.each([
    ['198.51.100.7:52044', CLIENT],
    ['198.51.100.7:0', CLIENT],
    ['198.51.100.7:65535', CLIENT],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['[2001:DB8:0::7]:1', '2001:db8::7'],
    ['[::ffff:198.51.100.7]:443', CLIENT],
  ])('a hop %s is that address', async (hop, expected) => {
    expect(await seen({ peer: PROXY, forwarded: hop })).toBe(expected)
    expect(await seen({ peer: PROXY, forwarded: `203.0.113.9, ${hop}, 10.1.1.1:443` })).toBe(expected)
    expect(await seen({ peer: PROXY, forwarded: [hop, '[2001:db8:aaaa::1]:80'] })).toBe(expected)
    expect(await seen({ peer: CLIENT, forwarded: '203.0.113.9:443' })).toBe(CLIENT)
  })

  test('no other header says where a request comes from', async () => {
    const headers = {
      forwarded: `for=${CLIENT}`,
      'x-real-ip': CLIENT,
      'x-client-ip': CLIENT,
      'true-client-ip': CLIENT,
      'cf-connecting-ip': CLIENT,
      'x-forwarded': CLIENT,
      x_forwarded_for: CLIENT,
    }
    const answer = await server.call({ path: '/me', from: PROXY, headers })
    expect(answer.body.address).toBe(PROXY)
  })

  test('without LATCHKEY_TRUSTED_PROXIES nobody is believed, the machine itself included', async () => {
    for (const peer of ['127.0.0.1', '::1', '10.0.0.1', CLIENT]) {
      expect(await seen({ peer, forwarded: '203.0.113.9' }, direct)).toBe(peer)
    }
  })

  test('is what the audit event of a change says', async () => {
    const { id } = await expectCreated(server, {
      path: '/keys',
      from: PROXY,
      body: { userId: server.admin.userId },
      headers: { 'x-forwarded-for': `203.0.113.9, ${CLIENT}` },
    })
    const { body } = await server.call({ path: `/audit?objectId=${id}` })
    expect(body.data[0]).toMatchObject({ action: 'key.created', address: CLIENT })
  })
})

describe('a key restricted to an address', () => {
  const restricted = (whitelistedIPs: string[]): Promise<{ readonly key: string; readonly id: string }> =>
    expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, whitelistedIPs } })

  test('is accepted from there only, and told which address was seen', async () => {
    const { key } = await restricted([CLIENT, '2001:db8:7::/48'])
    const allowed = [CLIENT, `203.0.113.9, ${CLIENT}`, '::ffff:198.51.100.7', '2001:db8:7:1::9']
    for (const forwarded of allowed) expect((await me({ peer: PROXY, forwarded, key })).status).toBe(200)
    const refused = [
      [`${CLIENT}, 203.0.113.9`, '203.0.113.9'],
      ['198.51.100.8', '198.51.100.8'],
      ['2001:db8:8::9', '2001:db8:8::9'],
    ]
    for (const [forwarded, shown] of refused) {
      const { detail } = expectProblem(await me({ peer: PROXY, forwarded, key }), 'ip_not_allowed')
      expect(detail).toContain(`from ${shown}, `)
    }
  })

  test('is refused when the peer, not trusted, says it is the right address', async () => {
    const { key } = await restricted(['203.0.113.9'])
    const forwarded = '203.0.113.9'
    const { detail } = expectProblem(await me({ peer: CLIENT, forwarded, key }), 'ip_not_allowed')
    expect(detail).toContain(CLIENT)
  })

  test.each([
    ['a malformed hop', 'nonsense'],
    ['an empty header', ''],
    ['two hundred hops', hops(200, CLIENT).join(',')],
    ['a comma at the end', `${CLIENT},`],
  ])('is refused when the address cannot be told: %s', async (_, forwarded) => {
    for (const whitelistedIPs of [[CLIENT], ['0.0.0.0/0', '::/0']]) {
      const { key } = await restricted(whitelistedIPs)
      expectProblem(await me({ peer: PROXY, forwarded, key }), 'client_ip_unknown')
    }
  })

  test('any IPv4 address does not mean any IPv6 address, nor the other way about', async () => {
    const [four, six] = [await restricted(['0.0.0.0/0']), await restricted(['::/0'])]
    expect((await me({ peer: CLIENT, key: four.key })).status).toBe(200)
    expectProblem(await me({ peer: '2001:db8::7', key: four.key }), 'ip_not_allowed')
    expect((await me({ peer: '2001:db8::7', key: six.key })).status).toBe(200)
    expectProblem(await me({ peer: CLIENT, key: six.key }), 'ip_not_allowed')
    expectProblem(await me({ peer: '::ffff:198.51.100.7', key: six.key }), 'ip_not_allowed')
  })

  test('hands its restriction to every token made from it', async () => {
    const { key, id } = await restricted([CLIENT])
    const shortLived = await server.call({
      method: 'POST',
      path: '/auth/token/short-lived',
      key,
      from: CLIENT,
      body: { permissions: ['keys:list'] },
    })
    const access = await server.call({
      method: 'POST',
      path: '/oauth/token',
      key: null,
      from: CLIENT,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      text: `grant_type=client_credentials&client_id=${id}&client_secret=${key}`,
    })
    for (const token of [shortLived.body.token, access.body.access_token]) {
      const headers = { authorization: `Bearer ${token}` }
      const use = (from: string, more: object = {}) =>
        server.call({ path: '/keys?limit=1', key: null, from, headers: { ...headers, ...more } })
      expect((await use(CLIENT)).status).toBe(200)
      expectProblem(await use('198.51.100.8'), 'ip_not_allowed')
      expectProblem(await use(PROXY, { 'x-forwarded-for': 'nonsense' }), 'client_ip_unknown')
    }
  })
})
