/** What a long body says is understood a little at a time: whoever comes meanwhile is served in between. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { inject } from 'light-my-request'
import { describe, expect, test } from 'vitest'
import { createRequestPace } from '../../src/http/admission/pace.ts'
import { type BodyRoom, readJsonBody } from '../../src/http/wire/body.ts'

const ROOM: BodyRoom = { bytesMax: 4 * 1024 * 1024, hold() {} }

/** How many turns are taken from when all of a body is there until it is understood, where each step takes its time. */
async function turnsOf(text: string): Promise<number> {
  let nowMs = 0
  let turns = 0
  const takeTurn = async () => {
    await nextTurn()
    turns += 1
  }
  const { payload } = await inject(
    (request, response) => {
      request.once('end', () => {
        turns = 0
      })
      readJsonBody(request, ROOM, { takeTurn, pace: createRequestPace(takeTurn, () => nowMs++) }).then(
        () => response.end('understood'),
        (error: unknown) => response.end(String((error as { code: string }).code)),
      )
    },
    { method: 'POST', url: '/', payload: text, headers: { 'content-type': 'application/json' } },
  )
  return payload === 'understood' ? turns : -turns
}

const row = `{"a":["${'b'.repeat(90)}"]}`

describe('turns are taken while it is understood', () => {
  test.each([
    ['rows', `[${`${row},`.repeat(2_000)}${row}]`, 150],
    ['one long text of escapes', `["${'\\u00e9'.repeat(40_000)}"]`, 35],
    ['rows that are short', `[${'[],'.repeat(15_000)}[]]`, 35],
    ['a body of the usual length', `[${`${row},`.repeat(500)}${row}]`, 30],
  ])('%s', async (_, text, turnsMin) => {
    expect(await turnsOf(text)).toBeGreaterThan(turnsMin)
  })

  test('and none by what is as short as most', async () => {
    expect(await turnsOf(row)).toBe(0)
  })

  test('and no fewer where it is refused at its end', async () => {
    expect(await turnsOf(`[${`${row},`.repeat(2_000)}x]`)).toBeLessThan(-150)
  })
})

test('pieces that are short share a turn, until it has had enough of them', async () => {
  let nowMs = 0
  let turns = 0
  const pace = createRequestPace(
    async () => {
      turns += 1
    },
    () => nowMs,
  )
  const taken: number[] = []
  for (let piece = 0; piece < 9; piece++) {
    nowMs += 0.1
    await pace()
    taken.push(turns)
  }
  expect(taken).toEqual([0, 0, 1, 1, 1, 2, 2, 2, 3])
})
