/** Something in front of the gateway, as the page says it: whose address counts then, and whose never. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FRONT, type Gateway, OUTSIDE, type Rig, startRig, withKey } from './rig.ts'

const CLIENT = '198.51.100.7'

/** What the front says, and who the client is. undefined: nobody that can be told. */
const SAID: readonly (readonly [what: string, lines: readonly string[], client: string | undefined])[] = [
  ['the client', [CLIENT], CLIENT],
  ['the client behind what the client claims', [`10.0.0.1, 203.0.113.1, ${CLIENT}`], CLIENT],
  ['the client in a line of its own', ['203.0.113.1', CLIENT], CLIENT],
  ['the client with a port', [`${CLIENT}:52044`], CLIENT],
  ['an IPv6 client', ['2001:db8::7'], '2001:db8::7'],
  ['a mapped client', [`::ffff:${CLIENT}`], CLIENT],
  ['a word', ['unknown'], undefined],
  ['a word behind an address', [`${CLIENT}, unknown`], undefined],
  ['what hides the client', ['_hidden'], undefined],
  ['a socket', ['unix:'], undefined],
]

/** `gateway`: with what the page says of FRONT. `settings`: what its Latchkey needs for it. */
export async function describeInFront(
  gateway: Pick<Gateway, 'name' | 'missing' | 'start'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  describe.skipIf((await gateway.missing()) !== undefined)(`something in front of ${gateway.name}`, () => {
    let rig: Rig
    /** For a client of each family, for the network of the front, for everywhere. */
    const keys = { listed: '', network: '', everywhere: '' }
    beforeAll(async () => {
      rig = await startRig(gateway, settings)
      const create = async (whitelistedIPs: readonly string[] | null) =>
        (await rig.createKey({ permissions: ['orders:read'], whitelistedIPs })).key
      keys.listed = await create([CLIENT, '2001:db8::7'])
      keys.network = await create(['127.0.0.0/8'])
      keys.everywhere = await create(null)
    })
    afterAll(() => rig?.stop())
    beforeEach(() => {
      rig.application.arrivals.length = 0
    })

    const ask = async (key: string, from: string, lines: readonly string[]) => {
      const forwarded = lines.flatMap((line) => ['X-Forwarded-For', line])
      return (await rig.send({ from, headers: [...withKey({ key }), ...forwarded] })).status
    }

    test.each(SAID)('that names %s', async (_, lines, client) => {
      expect(await ask(keys.listed, FRONT, lines)).toBe(client === undefined ? 403 : 200)
      // Its own address is never the client's.
      expect(await ask(keys.network, FRONT, lines)).toBe(403)
      expect(await ask(keys.everywhere, FRONT, lines)).toBe(200)
    })

    test('what others say of a client counts for nothing', async () => {
      for (const lines of [[CLIENT], [CLIENT, FRONT], [`${CLIENT}, ${FRONT}`]]) {
        expect(await ask(keys.listed, OUTSIDE, lines)).toBe(403)
        expect(await ask(keys.network, OUTSIDE, lines)).toBe(200)
      }
    })

    // The others cannot tell that from a client in its place, as the page says.
    test.skipIf(gateway.name === 'Caddy')('that names nobody is not the client itself', async () => {
      for (const lines of [[], [''], [FRONT]]) {
        expect(await ask(keys.network, FRONT, lines)).toBe(403)
        expect(await ask(keys.everywhere, FRONT, lines)).toBe(200)
      }
    })
  })
}
