/** Whatever a route does, its request is answered once and the service goes on. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'
import { inject } from 'light-my-request'
import { describe, expect, test } from 'vitest'
import { createTurns } from '../../../src/http/admission/turns.ts'
import { createDispatch } from '../../../src/http/dispatch.ts'
import { createRouter } from '../../../src/http/router.ts'
import type { Answer } from '../../../src/http/wire/answer.ts'
import { createConnections } from '../../../src/http/wire/connections.ts'
import { createPipelines } from '../../../src/http/wire/pipelines.ts'
import type { Services } from '../../../src/services.ts'
import { useTestServer } from '../../harness.ts'

const server = useTestServer()

/** One request to a route of the test's own. */
const answered = (answer: () => Answer | Promise<Answer>, services: Partial<Services> = {}) =>
  inject(dispatchTo(answer, services), { path: '/odd' })

function dispatchTo(answer: () => Answer | Promise<Answer>, services: Partial<Services> = {}) {
  const router = createRouter(100)
  router.add(['GET'], '/odd', { name: 'odd', answer })
  const deps = {
    ...server.services,
    ...services,
    router,
    turns: createTurns(),
    connections: createConnections(1),
    pipelines: createPipelines(),
    newRequestId: () => 'req_1',
    isLeaving: () => false,
  }
  return createDispatch(deps)
}

const failures = () => server.logged.filter((line) => line.includes('request_failed')).length
const UNWRITABLE: Answer = { status: 200, headers: { 'x-odd': 'it’s' }, body: '' }

describe('a header that cannot be written', () => {
  test.each<readonly [string, () => Answer | Promise<Answer>]>([
    ['at once', () => UNWRITABLE],
    ['later', async () => UNWRITABLE],
  ])('%s is a 500, and a line in the log', async (_, answer) => {
    const before = failures()
    const { statusCode, body } = await answered(answer)
    expect(statusCode).toBe(500)
    expect(JSON.parse(body)).toMatchObject({ code: 'internal_error', requestId: 'req_1' })
    expect(failures()).toBe(before + 1)
  })

  test('is not made of what a challenge explains', async () => {
    const { statusCode, headers } = await answered(() => {
      throw new AppError('invalid_credentials', 'The issuer’s “token” is from the café.')
    })
    expect(statusCode).toBe(401)
    expect(headers['www-authenticate']).toContain(
      'error_description="The issuer\'s ?token? is from the caf?."',
    )
  })
})

test.each<readonly [string, () => Answer | Promise<Answer>]>([
  [
    'at once',
    () => {
      throw new Error('a bug')
    },
  ],
  ['later', () => Promise.reject(new Error('a bug'))],
])('what is thrown %s is a 500 that shows nothing', async (_, answer) => {
  const { statusCode, body } = await answered(answer)
  expect(statusCode).toBe(500)
  expect(body).not.toContain('a bug')
})

test('what fails once the answer is out is logged, and ends nothing', async () => {
  const before = failures()
  const traces = {
    areHeard: true,
    requestAnswered() {
      throw new Error('an exporter of somebody else')
    },
  }
  const { statusCode } = await answered(async () => ({ status: 204, headers: {}, body: undefined }), {
    traces,
  })
  expect(statusCode).toBe(204)
  expect(failures()).toBe(before + 1)
})

test('answers are sent in the order in which they were made, whoever asked first', async () => {
  const made = Array.from({ length: 40 }, () => Promise.withResolvers<Answer>())
  const sent: number[] = []
  let asked = 0
  const dispatch = dispatchTo(() => made[asked++]!.promise)
  const asking = made.map(async (_, index) => {
    await inject(dispatch, { path: '/odd' })
    sent.push(index)
  })
  while (asked < made.length) await nextTurn()
  for (const { resolve } of made.toReversed()) resolve({ status: 204, headers: {}, body: undefined })
  await Promise.all(asking)
  expect(sent).toEqual(made.map((_, index) => index).toReversed())
})
