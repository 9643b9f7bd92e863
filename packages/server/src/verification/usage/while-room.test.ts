import { AppError } from '@latchkey/core/error'
import { expect, test } from 'vitest'
import type { Engine } from '../../storage/engine.ts'
import { whileRoom } from './while-room.ts'

const WORK = async () => 'a value'
const TURN = { party: 'cmp_a' }

/** A store, what it was asked to write, and whether there is room for it. */
function aStore() {
  const store = { hasRoom: true, written: [] as unknown[][] }
  const write = async (...given: unknown[]) => {
    store.written.push(given)
    return `write ${store.written.length}`
  }
  const room = whileRoom({
    hasRoom: () => store.hasRoom,
    write: write as unknown as Engine['write'],
    writeUnsynced: write as Engine['writeUnsynced'],
  })
  return { store, room }
}

test('where there is room the store writes what it is given, and its answer is passed on', async () => {
  const { store, room } = aStore()
  expect(await room.write(WORK, TURN)).toBe('write 1')
  expect(await room.writeUnsynced(WORK)).toBe('write 2')
  expect(store.written).toEqual([[WORK, TURN], [WORK]])
})

test.each(['write', 'writeUnsynced'] as const)(
  'on a nearly full disk there is no %s, in words that say why, until there is room again',
  async (name) => {
    const { store, room } = aStore()
    store.hasRoom = false
    const refusal: unknown = await room[name](WORK).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AppError)
    expect(refusal).toMatchObject({
      code: 'unavailable',
      detail: 'The disk of the service is nearly full: counts of use wait in memory.',
    })
    expect(store.written).toEqual([])
    store.hasRoom = true
    expect(await room[name](WORK)).toBe('write 1')
  },
)
