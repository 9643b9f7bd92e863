/** Whatever a route does, its request is answered once and the service goes on. */
import { AppError } from '@latchkey/core/error'
import { inject } from 'light-my-request'
import { describe, expect, test } from 'vitest'
import { createTurns } from '../../src/http/admission/turns.ts'
import { createDispatch } from '../../src/http/dispatch.ts'
import { createRouter } from '../../src/http/router.ts'
import type { Answer } from '../../src/http/wire/answer.ts'
import { createConnections } from '../../src/http/wire/connections.ts'
import { createPipelines } from '../../src/http/wire/pipelines.ts'
import type { Services } from '../../src/services.ts'
import { useTestServer } from '../harness.ts'

const server = useTestServer()

/** One request to a route of the test's own. */
function answered(answer: () => Answer | Promise<Answer>, services: Partial<Services> = {}) {
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
  return inject(createDispatch(deps), { path: '/odd' })
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
