/** The same for what a gateway carries: bodies, connections that are shared, and nothing while Latchkey is away. */

import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { freePort } from '../../packages/server/test/free-port.ts'
import { oneConnection, sendTo } from './client.ts'
import { type Gateway, MOST_PERMISSIONS, type Rig, valuesOf, withGateway, withKey } from './rig.ts'
import { startTinyApplication } from './tiny-application.ts'

const LARGE = randomBytes(5 * 1024 * 1024)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

export function describeBodies(rig: () => Rig): void {
  const chunked = () =>
    Readable.from(Array.from({ length: 80 }, (_, n) => LARGE.subarray(n * 65_536, (n + 1) * 65_536)))

  test.each([
    ['an empty', () => Buffer.alloc(0), Buffer.alloc(0)],
    ['a small', () => Buffer.from('{"order":17}'), Buffer.from('{"order":17}')],
    ['a large', () => LARGE, LARGE],
    ['a large chunked', chunked, LARGE],
  ])(
    '%s body reaches the application whole, and nothing of it is left for the next question',
    async (_what, body, whole) => {
      const headers = [...withKey(rig().good), 'Content-Type', 'application/json']
      const answer = await rig().send({ method: 'POST', headers, body: body() })
      expect(answer.status, rig().running.output()).toBe(200)
      expect(rig().onlyArrival()).toMatchObject({ bytes: whole.length, sha256: sha256(whole) })
      expect((await rig().send({})).status).toBe(401)
      expect((await rig().send({ headers: withKey(rig().good) })).status).toBe(200)
    },
  )

  test('of a key with as many permissions as there may be, the application learns them all, with a large body too', async () => {
    const headers = withKey(await rig().createKey({ permissions: MOST_PERMISSIONS }))
    for (const body of [undefined, LARGE]) {
      rig().application.arrivals.length = 0
      const method = body === undefined ? 'GET' : 'POST'
      const { status } = await rig().send({ method, headers, ...(body === undefined ? {} : { body }) })
      expect(status, rig().running.output()).toBe(200)
      expect(valuesOf(rig().onlyArrival(), 'x-auth-permissions')).toEqual([MOST_PERMISSIONS.join(' ')])
      expect(valuesOf(rig().onlyArrival(), 'x-auth-replace-by')).toEqual(['-'])
    }
  })

  test('nothing of a refused body reaches the application', async () => {
    rig().expectRefused(await rig().send({ method: 'POST', body: Buffer.from('{"order":17}') }), 401)
  })
}

export function describeConnections(rig: () => Rig): void {
  test('clients that share one connection each get their own verdict', async () => {
    const agent = oneConnection()
    const turns: readonly (readonly [headers: readonly string[], status: number, id: string | undefined])[] =
      [
        [withKey(rig().good), 200, rig().good.id],
        [[], 401, undefined],
        [withKey(rig().reader), 200, rig().reader.id],
        [withKey(rig().good), 200, rig().good.id],
        [['X-Auth-Key-Id', rig().good.id], 401, undefined],
        [['Authorization', `Bearer ${rig().reader.key}`], 200, rig().reader.id],
      ]
    for (const [headers, status, id] of turns) {
      rig().application.arrivals.length = 0
      expect((await rig().send({ headers, agent })).status).toBe(status)
      expect(rig().application.arrivals.flatMap((arrival) => valuesOf(arrival, 'x-auth-key-id'))).toEqual(
        id === undefined ? [] : [id],
      )
    }
    agent.destroy()
  })

  test('many clients at once each get their own verdict', async () => {
    const keys = [rig().good, rig().reader, undefined]
    const told = await Promise.all(
      Array.from({ length: 90 }, async (_, turn) => {
        const key = keys[turn % keys.length]
        const { status, text } = await rig().send({ headers: key === undefined ? [] : withKey(key) })
        return { key, status, id: status === 200 ? valuesOf(JSON.parse(text), 'x-auth-key-id') : undefined }
      }),
    )
    for (const { key, status, id } of told) {
      expect({ status, id }).toEqual(
        key === undefined ? { status: 401, id: undefined } : { status: 200, id: [key.id] },
      )
    }
  })
}

export function describeFailing(rig: () => Rig, gateway: Gateway): void {
  test('while Latchkey is down nothing is let through', async () => {
    const between = { latchkey: await freePort(), application: rig().application.port }
    await withGateway(gateway, between, async (port) => {
      for (const headers of [withKey(rig().good), []]) {
        expect((await sendTo(port, { headers })).status).toBeGreaterThanOrEqual(500)
      }
    })
    expect(rig().application.arrivals).toEqual([])
  })

  test('a 200 of somebody else at the address of Latchkey lets nothing through', async () => {
    const somebodyElse = await startTinyApplication()
    const between = { latchkey: somebodyElse.port, application: rig().application.port }
    const asked = withGateway(gateway, between, async (port) => {
      for (const headers of [withKey(rig().good), [], ['X-Auth-Status', '200']]) {
        expect((await sendTo(port, { headers })).status).toBeGreaterThanOrEqual(500)
      }
    })
    await asked.finally(() => somebodyElse.stop())
    expect(somebodyElse.arrivals).toHaveLength(3)
    expect(rig().application.arrivals).toEqual([])
  })

  test('while Latchkey hangs nothing is let through, and afterwards all is as before', async () => {
    rig().latchkey.freeze()
    const asked = [withKey(rig().good), []].map((headers) => rig().send({ headers }))
    const answers = await Promise.all(asked).finally(() => rig().latchkey.thaw())
    for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(500)
    expect(rig().application.arrivals).toEqual([])
    expect((await rig().send({ headers: withKey(rig().good) })).status).toBe(200)
  })
}
