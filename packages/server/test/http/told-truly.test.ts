/** What is refused is told as it was sent: nothing unset passes for a filter, no sentence names what is not there. */
import { describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { useTestServer } from '../harness.ts'

const server = useTestServer()

describe('a filter without a value, as of a variable that is not set, is refused', () => {
  test.each([
    ['/keys', 'userId'],
    ['/keys', 'search'],
    ['/keys', 'status'],
    ['/keys', 'restricted'],
    ['/keys', 'unusedSince'],
    ['/keys', 'limit'],
    ['/keys', 'offset'],
    ['/users', 'externalId'],
    ['/companies', 'externalId'],
    ['/audit', 'actorId'],
    ['/audit', 'objectId'],
    ['/audit', 'action'],
    ['/audit', 'since'],
  ])('%s?%s=', async (path, name) => {
    for (const query of [`${name}=`, name]) {
      const answer = await server.call({ path: `${path}?${query}` })
      expectProblem(answer, { code: 'invalid_parameter', parameter: name })
    }
  })

  test.each(['startingAfter', 'endingBefore'])('and so is a cursor: %s', async (name) => {
    expectProblem(await server.call({ path: `/keys?${name}=` }), 'invalid_cursor')
  })
})

test.each(['=1', '=', '&=x&', 'limit=1&=1'])(
  'a parameter without a name is called that: ?%s',
  async (query) => {
    const { detail } = expectProblem(await server.call({ path: `/keys?${query}` }), 'unknown_parameter')
    expect(detail).toContain('A parameter has no name')
  },
)

test.each(['Bearer\t', 'bearer:', 'Bearer='])('%j before a key: a space belongs there', async (scheme) => {
  const headers = { authorization: `${scheme}${server.adminKey}` }
  const { detail } = expectProblem(
    await server.call({ path: '/me', key: null, headers }),
    'invalid_credentials',
  )
  expect(detail).toContain('where a space belongs')
})
