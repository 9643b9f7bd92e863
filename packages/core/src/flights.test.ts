import { expect, test } from 'vitest'
import { aLoadedKey } from '../test/verifiable-key.ts'
import { createFlights } from './flights.ts'
import type { KeyId } from './ids.ts'
import type { LoadedKey } from './loaded-key.ts'

const ID = 'key_1' as KeyId
const [EARLIER, LATER] = [aLoadedKey(1, { isActive: true }), aLoadedKey(1, { isActive: false })]

function aSky() {
  const published: (LoadedKey | null)[] = []
  const flights = createFlights((_, loaded) => published.push(loaded))
  const depart = () => {
    const { promise, resolve, reject } = Promise.withResolvers<LoadedKey | null>()
    return { flight: flights.depart(ID, promise), land: resolve, fail: reject }
  }
  return { published, flights, depart }
}

test('a flight is found until it lands, and publishes what it loaded', async () => {
  const { published, flights, depart } = aSky()
  const { flight, land } = depart()
  expect(flights.find(ID)).toBe(flight)
  land(EARLIER)
  expect(await flight).toBe(EARLIER)
  expect(published).toEqual([EARLIER])
  expect(flights.find(ID)).toBeUndefined()
})

test.each(['before', 'after'])(
  'a flight whose place was taken publishes nothing, when it lands %s the other',
  async (order) => {
    const { published, flights, depart } = aSky()
    const [first, second] = [depart(), depart()]
    const landings = [() => first.land(EARLIER), () => second.land(LATER)]
    for (const land of order === 'before' ? landings : landings.toReversed()) {
      land()
      await Promise.race([first.flight, second.flight])
      if (order === 'before' && land === landings[0]) expect(flights.find(ID)).toBe(second.flight)
    }
    expect(await Promise.all([first.flight, second.flight])).toEqual([EARLIER, LATER])
    expect(published).toEqual([LATER])
  },
)

test('one that fails leaves its place, and never that of another', async () => {
  const { published, flights, depart } = aSky()
  const [first, second] = [depart(), depart()]
  first.fail(new Error('unreachable'))
  await expect(first.flight).rejects.toThrow('unreachable')
  expect(flights.find(ID)).toBe(second.flight)
  second.fail(new Error('unreachable'))
  await expect(second.flight).rejects.toThrow('unreachable')
  expect(flights.find(ID)).toBeUndefined()
  expect(published).toEqual([])
})

test('what was dropped answers its caller and publishes nothing', async () => {
  const { published, flights, depart } = aSky()
  const { flight, land } = depart()
  flights.drop()
  expect(flights.find(ID)).toBeUndefined()
  land(EARLIER)
  expect(await flight).toBe(EARLIER)
  expect(published).toEqual([])
})
