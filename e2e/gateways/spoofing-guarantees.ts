/** The same for what a client says about itself: who it is, where it is, what it asks for. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { connectThrough } from './client.ts'
import { type Gateway, INSIDE, OUTSIDE, type Rig, valuesOf, withKey } from './rig.ts'
import type { Arrival } from './tiny-application.ts'

/** What the application learns from the gateway, and nobody else may tell it. */
const TOLD = [
  ...['Status', 'Error', 'Key-Id', 'User-Id', 'Company-Id', 'Permissions', 'Mode', 'Replace-By'].map(
    (name) => `X-Auth-${name}`,
  ),
  'X-Forwarded-For',
]
/** Every character beside letters and digits that may stand in a header's name (RFC 9110 §5.6.2). */
const SEPARATORS = [..."-_.!#$%&'*+^`|~"]

/** The same name to CGI, WSGI, PHP, Rack and others: in upper case, with an underscore for what is no letter or digit. */
const variableOf = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')

/** Everything an application is told under a name that it does not tell from this one. */
const toldAs = ({ headers }: Arrival, name: string): string[] =>
  headers.filter(([found]) => variableOf(found) === variableOf(name)).map(([, value]) => value)

/** A name with another separator in each place, in the first, in the last; in three mixtures of case. */
function spellingsOf(name: string, separator: string): string[] {
  const last = name.lastIndexOf('-')
  const spelled = [
    name.replaceAll('-', () => separator),
    name.replace('-', () => separator),
    `${name.slice(0, last)}${separator}${name.slice(last + 1)}`,
  ]
  return [
    ...spelled,
    ...spelled.map((each) => each.toUpperCase()),
    ...spelled.map((each) => each.toLowerCase()),
  ]
}

export function describeSpoofing(rig: () => Rig, gateway: Gateway): void {
  describeNames(rig)
  describeClaims(rig)
  describeConnection(rig)
  describeTunnel(rig)
  if (gateway.writing.method !== undefined) describeMethod(rig)
  if (gateway.writing.path !== undefined) describePath(rig)
  // HAProxy before 3.2 can do nothing about them, as the page says.
  if (gateway.name !== 'HAProxy') describeTrailers(rig)
  describeData(rig)
}

function describeClaims(rig: () => Rig): void {
  test('X-Auth-* of a client do not let it in', async () => {
    const allowed = ['X-Auth-Status', '200', 'X-Auth-Key-Id', rig().good.id, 'X-Auth-Permissions', '*']
    rig().expectRefused(await rig().send({ headers: allowed }), 401)
    rig().expectRefused(
      await rig().send({ headers: [...allowed, ...withKey(rig().good)], from: OUTSIDE }),
      403,
    )
  })

  test('X-Forwarded-For of a client does not make its address, here or in the application', async () => {
    const forwarded = ['X-Forwarded-For', INSIDE, 'X-Forwarded-For', INSIDE, 'X-Real-IP', INSIDE]
    rig().expectRefused(
      await rig().send({ headers: [...forwarded, ...withKey(rig().good)], from: OUTSIDE }),
      403,
    )
    await rig().send({ headers: [...forwarded, ...withKey(rig().reader)], from: OUTSIDE })
    expect(valuesOf(rig().onlyArrival(), 'x-forwarded-for')).toEqual([OUTSIDE])
  })

  test('nothing else that a client says of its address or of what it asked reaches the application', async () => {
    const names = [
      ...['Forwarded', 'X-Real-IP', 'True-Client-IP', 'X-Client-IP', 'X-Cluster-Client-IP'],
      ...['Host', 'Proto', 'Port', 'Prefix', 'Server'].map((name) => `X-Forwarded-${name}`),
    ]
    const headers = [...names.flatMap((name) => [name, 'spoofed']), ...withKey(rig().good)]
    expect((await rig().send({ headers })).status).toBe(200)
    expect(JSON.stringify(rig().onlyArrival())).not.toContain('spoofed')
  })

  test('a gateway token of a client does not make it the gateway', async () => {
    const token = ['X-Gateway-Token', rig().latchkey.adminKey]
    rig().expectRefused(
      await rig().send({ headers: token, path: `/orders?gatewayToken=${rig().latchkey.adminKey}` }),
      401,
    )
  })

  test.each([
    ['X-API-KEY', (key: string) => ['X-API-KEY', key]],
    ['x-api-key', (key: string) => ['x-api-key', key]],
    ['Authorization', (key: string) => ['Authorization', `Bearer ${key}`]],
    ['both', (key: string) => ['X-API-KEY', key, 'authorization', `Bearer ${key}`]],
    ['other spellings, too', (key: string) => ['X-API-KEY', key, 'X_API_KEY', key, 'x.api-Key', key]],
    ['two lines of X-API-KEY', (key: string) => ['X-API-KEY', key, 'X-API-KEY', key]],
  ])('a secret in %s never reaches the application, nor a log', async (_where, headers) => {
    await rig().send({ headers: headers(rig().good.key) })
    expect(JSON.stringify(rig().application.arrivals)).not.toContain(rig().good.key)
    expect(rig().running.output() + rig().latchkey.log()).not.toContain(rig().good.key)
  })
}

/** What is about a connection is between two neighbours, and must not change what is told to the third. */
function describeConnection(rig: () => Rig): void {
  test('what a client lists in Connection is told to the application all the same', async () => {
    const listed = ['Connection', `close, ${TOLD.join(', ')}, X-API-KEY`]
    expect((await rig().send({ headers: [...listed, ...withKey(rig().good)] })).status).toBe(200)
    expect(valuesOf(rig().onlyArrival(), 'x-auth-user-id')).toEqual([rig().good.userId])
    expect(valuesOf(rig().onlyArrival(), 'x-auth-permissions')).toEqual(['orders:read orders:write'])
    expect(valuesOf(rig().onlyArrival(), 'x-forwarded-for')).toEqual([INSIDE])
    expect(valuesOf(rig().onlyArrival(), 'connection').join()).not.toMatch(/x-/i)
  })

  test.each(['h2c', 'websocket, h2c', 'h2c, websocket', 'TLS/1.0'])(
    'a connection is not taken over for %s: nobody would check what is sent on it',
    async (protocol) => {
      const taken = [
        'Connection',
        'Upgrade, HTTP2-Settings',
        'Upgrade',
        protocol,
        'HTTP2-Settings',
        'AAMAAABk',
      ]
      const answer = await rig().send({ headers: [...taken, ...withKey(rig().good)] })
      expect([200, 400]).toContain(answer.status)
      for (const arrival of rig().application.arrivals) expect(valuesOf(arrival, 'upgrade')).toEqual([])
    },
  )
}

function describeTrailers(rig: () => Rig): void {
  test.each(['none', 'X-Auth-User-Id, X-Forwarded-For'])(
    'what stands behind a body tells the application nothing: announced as %s',
    async (announced) => {
      const { status } = await rig().send({
        method: 'POST',
        headers: [...(announced === 'none' ? [] : ['Trailer', announced]), ...withKey(rig().good)],
        body: Readable.from(['{"order":17}']),
        trailers: {
          'X-Auth-User-Id': 'spoofed',
          'X-Forwarded-For': 'spoofed',
          X_Auth_Permissions: 'spoofed',
        },
      })
      expect(status).toBe(200)
      expect(rig().onlyArrival().bytes).toBe(12)
      expect(JSON.stringify(rig().onlyArrival())).not.toContain('spoofed')
    },
  )
}

/** As the other end of a tunnel a client that may write would say who it is. */
function describeTunnel(rig: () => Rig): void {
  test('a connection is not given away for CONNECT, to an application that says yes to it either', async () => {
    const next =
      'GET /orders HTTP/1.1\r\nHost: api.example.com\r\nX-Auth-User-Id: usr_other\r\nConnection: close\r\n\r\n'
    const answered = await connectThrough(rig().port, withKey(rig().good), next)
    // nginx does not understand such a target at all.
    expect(answered).toMatch(/^HTTP\/1\.1 40[05] /)
    expect(rig().application.arrivals).toEqual([])
  })
}

/** Where the method decides what is needed. */
function describeMethod(rig: () => Rig): void {
  test('an application is told no other method than the one that was checked', async () => {
    const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_Method_Override']
    const headers = [...names.flatMap((name) => [name, 'DELETE']), ...withKey(rig().reader)]
    expect((await rig().send({ headers })).status).toBe(200)
    expect(JSON.stringify(rig().onlyArrival())).not.toContain('DELETE')
  })
}

/** Where the path does. */
function describePath(rig: () => Rig): void {
  test('an application is told no other path than the one that was checked', async () => {
    const names = ['X-Original-URL', 'X-Rewrite-URL', 'X_Original_URL']
    const headers = [...names.flatMap((name) => [name, '/orders/changes']), ...withKey(rig().reader)]
    expect((await rig().send({ headers })).status).toBe(200)
    expect(JSON.stringify(rig().onlyArrival())).not.toContain('changes')
  })
}

/** What a client may say as it likes: it must not get in the way of the question. */
function describeData(rig: () => Rig): void {
  test('a gateway token of a client does not spoil its good key', async () => {
    const headers = [...withKey(rig().good), 'X-Gateway-Token', 'nonsense']
    expect((await rig().send({ headers })).status).toBe(200)
  })

  test.each([
    '/orders?permission=admin:all',
    '/orders?permissions=admin:all&permission=',
    '/orders?gatewayToken=nonsense&gatewayToken=another',
    '/orders?path=/x&x=1',
    '/orders?permission=%00&&=',
  ])('%s is data of the client: it neither adds to the check nor breaks it', async (path) => {
    expect((await rig().send({ path, headers: withKey(rig().reader) })).status).toBe(200)
    rig().application.arrivals.length = 0
    rig().expectRefused(await rig().send({ path }), 401)
  })

  test('more cookies than Latchkey reads do not reach it', async () => {
    const cookies = ['a', 'b'].flatMap((name) => ['Cookie', `${name}=${'x'.repeat(6_000)}`])
    expect((await rig().send({ headers: [...withKey(rig().good), ...cookies] })).status).toBe(200)
    expect(valuesOf(rig().onlyArrival(), 'cookie').join('').length).toBeGreaterThan(12_000)
  })
}

function describeNames(rig: () => Rig): void {
  test.each(SEPARATORS)(
    'names that an application may take for those it trusts do not reach it, spelled with %s',
    async (separator) => {
      const spoofed = TOLD.flatMap((name) => spellingsOf(name, separator)).flatMap((name) => [
        name,
        'spoofed',
      ])
      // HAProxy and others read a hundred headers.
      for (let at = 0; at < spoofed.length; at += 80) {
        rig().application.arrivals.length = 0
        const headers = [...spoofed.slice(at, at + 80), ...withKey(rig().good)]
        expect((await rig().send({ headers })).status).toBe(200)
        const arrival = rig().onlyArrival()
        expect(JSON.stringify(arrival)).not.toContain('spoofed')
        expect(TOLD.map((name) => toldAs(arrival, name))).toEqual([
          ['200'],
          ['-'],
          [rig().good.id],
          [rig().good.userId],
          [rig().good.companyId],
          ['orders:read orders:write'],
          ['live'],
          ['-'],
          [INSIDE],
        ])
      }
    },
  )
}
