/** The table "Addresses, exactly" of the contract, row by row, through HTTP; and what a restriction does. */
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { expectCreated, type TestAnswer, useTestServer } from '../../harness.ts'

const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8:ffff::/48' })

const create = (whitelistedIPs: unknown): Promise<TestAnswer> =>
  server.call({ method: 'POST', path: '/keys', body: { userId: server.admin.userId, whitelistedIPs } })

describe('stored and returned', () => {
  test.each([
    ['1.1.1.1', ['1.1.1.1']],
    ['1.1.1.1/32', ['1.1.1.1']],
    ['0.0.0.0', ['0.0.0.0']],
    ['255.255.255.255', ['255.255.255.255']],
    ['10.10.0.0/16', ['10.10.0.0/16']],
    ['10.10.1.5/16', ['10.10.0.0/16']],
    ['2001:DB8::0:1', ['2001:db8::1']],
    ['2001:db8::1/128', ['2001:db8::1']],
    ['2001:db8::5/64', ['2001:db8::/64']],
    ['::ffff:1.2.3.4', ['1.2.3.4']],
    ['::FFFF:102:304', ['1.2.3.4']],
    ['::ffff:10.0.0.0/104', ['10.0.0.0/8']],
    ['1.1.1.1, 2.2.2.2,,10.10.0.0/16', ['1.1.1.1', '2.2.2.2', '10.10.0.0/16']],
    [' , 1.1.1.1 ,', ['1.1.1.1']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['::/0', ['::/0']],
    ['1.2.3.4/0', ['0.0.0.0/0']],
    ['10.10.1.5/16,1.1.1.1,10.10.0.0/16,1.1.1.1/32,::ffff:1.1.1.1', ['10.10.0.0/16', '1.1.1.1']],
  ])('%s', async (text, entries) => {
    for (const value of [text, [text], ['9.9.9.9', text]]) {
      const expected = Array.isArray(value) && value.length === 2 ? ['9.9.9.9', ...entries] : entries
      const { status, body } = await create(value)
      expect({ status, whitelistedIPs: body.whitelistedIPs }).toEqual({
        status: 201,
        whitelistedIPs: expected,
      })
      const again = await server.call({ path: `/keys/${body.id}` })
      expect(again.body.whitelistedIPs).toEqual(expected)
    }
  })

  test.each([
    ['null', null],
    ['absent', undefined],
    ['[]', []],
  ])('%s means unrestricted and is answered as null', async (_, value) => {
    const { status, body } = await create(value)
    expect({ status, whitelistedIPs: body.whitelistedIPs }).toEqual({ status: 201, whitelistedIPs: null })
    expect((await server.call({ path: '/me', key: body.key, from: '203.0.113.9' })).status).toBe(200)
  })

  test('the sample of the seed', async () => {
    const { body } = await create(['1.1.1.1', '2.2.2.2', '10.10.0.0/16'])
    expect(body.whitelistedIPs).toEqual(['1.1.1.1', '2.2.2.2', '10.10.0.0/16'])
  })

  test('1,000 entries, and not one more', async () => {
    const entries = Array.from({ length: 1_001 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
    expect((await create(entries.slice(1))).body.whitelistedIPs).toEqual(entries.slice(1))
    for (const value of [entries, entries.join(',')]) {
      expectProblem(await create(value), { code: 'invalid_ip', pointer: '/whitelistedIPs' })
    }
  })
})

describe('refused as invalid_ip, at its place', () => {
  test.each([
    ['octal', '010.1.1.1'],
    ['octal', '0177.0.0.1'],
    ['hexadecimal', '0x7f.0.0.1'],
    ['hexadecimal', '0x7f000001'],
    ['the short form', '127.1'],
    ['the short form', '10/8'],
    ['the integer form', '2130706433'],
    ['a leading zero', '1.1.1.01'],
    ['a part above 255', '256.1.1.1'],
    ['/33', '1.1.1.1/33'],
    ['/129', '2001:db8::/129'],
    ['/-1', '1.1.1.1/-1'],
    ['a leading zero after the slash', '10.0.0.0/08'],
    ['nothing after the slash', '10.0.0.0/'],
    ['two slashes', '10.0.0.0/8/8'],
    ['a netmask', '10.0.0.0/255.0.0.0'],
    ['a range', '10.0.0.1-10.0.0.9'],
    ['a wildcard', '10.0.0.*'],
    ['a zone id', 'fe80::1%eth0'],
    ['a host name', 'localhost'],
    ['brackets', '[2001:db8::1]'],
    ['a port', '1.1.1.1:80'],
    ['IPv4-compatible', '::10.0.0.1'],
    ['a space inside', '1.1.1.1 2.2.2.2'],
    ['a tab', '\t1.1.1.1'],
    ['a line break', '1.1.1.1\n'],
    ['a no-break space', '\u00a01.1.1.1'],
    ['full-width digits', '１.1.1.1'],
    ['empty', ''],
    ['a comma alone', ','],
    ['commas and spaces', ' , ,'],
  ])('%s: %j', async (_, entry) => {
    expectProblem(await create(['9.9.9.9', entry]), {
      code: 'invalid_ip',
      status: 400,
      pointer: '/whitelistedIPs/1',
    })
    expectProblem(await create(entry), { code: 'invalid_ip', pointer: '/whitelistedIPs' })
  })

  test.each([[1], [true], [null], [{}], [['1.1.1.1']], [{ ip: '1.1.1.1' }]])(
    'an element that is no text: %j',
    async (element) => {
      expectProblem(await create(['9.9.9.9', element]), { code: 'invalid_ip', pointer: '/whitelistedIPs/1' })
    },
  )

  test.each([[1], [true], [{}], [{ 0: '1.1.1.1' }]])('a value that is no list: %j', async (value) => {
    expectProblem(await create(value), { code: 'invalid_ip', pointer: '/whitelistedIPs' })
  })

  test('every wrong element is named', async () => {
    const { body } = await create(['x', '1.1.1.1', '1.1.1.1,1.1.1', 'z/8'])
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(
      [0, 2, 3].map((index) => `/whitelistedIPs/${index}`),
    )
    expect(body.errors[1].detail).toContain('"1.1.1"')
  })
})

describe('a restricted key', () => {
  const keyFor = async (whitelistedIPs: string): Promise<string> =>
    (await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, whitelistedIPs } }))
      .key

  test.each([
    ['192.0.2.0/24', '192.0.2.7', true],
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['::ffff:192.0.2.0/120', '192.0.2.7', true],
    ['192.0.2.0/24', '192.0.3.7', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::/0', '192.0.2.7', false],
    ['::/0', '::ffff:192.0.2.7', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['0.0.0.0/0', '192.0.2.7', true],
    // What stands for IPv4 by another technique is IPv6 to both sides.
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207', true],
    ['64:ff9b::192.0.2.7', '192.0.2.7', false],
    ['192.0.2.7', '64:ff9b::c000:207', false],
    ['2002:c000:207::/48', '2002:c000:207::1', true],
    ['2002:c000:207::/48', '192.0.2.7', false],
    ['::ffff:0:192.0.2.7', '192.0.2.7', false],
    ['192.0.2.7', '::ffff:0:c000:207', false],
    ['10.0.0.0/8,10.1.0.0/16,10.1.2.3,10.0.0.0/9', '10.200.0.1', true],
  ])('%s used from %s: %s', async (entry, from, isAdmitted) => {
    const answer = await server.call({ path: '/me', key: await keyFor(entry), from })
    if (isAdmitted) expect(answer.status).toBe(200)
    else
      expect(expectProblem(answer, 'ip_not_allowed').detail).toContain(
        from.replace(/^::ffff:(?=[\d.]+$)/, ''),
      )
  })

  test.each([
    ['the first untrusted hop from the right', ['192.0.2.7, 198.51.100.1, 10.0.0.2'], '198.51.100.1'],
    ['several lines, joined in order', ['192.0.2.7', '198.51.100.1', '10.0.0.2'], '198.51.100.1'],
    ['the leftmost, when all hops are trusted', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['an IPv6 hop', ['2001:db8::1, 2001:db8:ffff::2'], '2001:db8::1'],
    ['a mapped hop, unmapped', ['::ffff:198.51.100.1'], '198.51.100.1'],
  ])('behind a trusted proxy the client is %s', async (_, lines, client) => {
    const headers = { 'x-forwarded-for': lines }
    expect((await server.call({ path: '/me', headers, from: '10.9.9.9' })).body.address).toBe(client)
    const key = await keyFor(client)
    expect((await server.call({ path: '/me', key, headers, from: '10.9.9.9' })).status).toBe(200)
    const spoofed = await server.call({ path: '/me', key, headers, from: '203.0.113.9' })
    expect(expectProblem(spoofed, 'ip_not_allowed').detail).toContain('203.0.113.9')
  })

  test.each([
    ['a malformed hop', '192.0.2.7, unknown'],
    ['a hop with a port there is not', '192.0.2.7:65536'],
    ['an empty hop', '192.0.2.7,'],
    ['more than 16 hops', Array.from({ length: 17 }, () => '10.0.0.1').join(',')],
  ])('is refused when the address is unknown: %s', async (_, forwarded) => {
    const headers = { 'x-forwarded-for': forwarded }
    const key = await keyFor('0.0.0.0/0,::/0')
    expectProblem(await server.call({ path: '/me', key, headers, from: '10.9.9.9' }), 'client_ip_unknown')
    expect((await server.call({ path: '/me', headers, from: '10.9.9.9' })).body.address).toBeNull()
  })

  test('without a header the trusted proxy itself is the client', async () => {
    expect((await server.call({ path: '/me', from: '10.9.9.9' })).body.address).toBe('10.9.9.9')
  })
})
