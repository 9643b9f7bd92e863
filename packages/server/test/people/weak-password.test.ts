/** Passwords that would be guessed early are refused, wherever one is set. */
import { describe, expect, test } from 'vitest'
import { setPasswordOnHost } from '../../src/host/users-on-host.ts'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, useTestServer } from '../harness.ts'

const server = useTestServer()

describe('wherever a password is set', () => {
  const newUser = async () => {
    const email = `ada${Math.random()}@example.com`
    const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer', email } })
    return { ...user, email }
  }

  test('with an invitation, which is not used up', async () => {
    const { id } = await newUser()
    const { token } = await expectCreated(server, { path: `/users/${id}/invitation` })
    const set = (password: string) =>
      server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password } })
    for (const password of ['password1234', 'ada@example.com']) {
      const problem = expectProblem(await set(password), { code: 'invalid_field', pointer: '/password' })
      expect(problem.detail).not.toContain(password)
    }
    expect((await set('correct horse battery staple')).status).toBe(200)
  })

  test('who has no invitation is not told whether a password would do', async () => {
    const body = { token: `inv_${'A'.repeat(43)}`, password: 'password1234' }
    const answer = await server.call({ method: 'POST', path: '/auth/password', key: null, body })
    expectProblem(answer, 'invalid_credentials')
  })

  test('on the host', async () => {
    const { email } = await newUser()
    const set = (password: string) => setPasswordOnHost(server.services, email, password)
    await expect(set('password1234')).rejects.toMatchObject({ code: 'invalid_field' })
    await expect(set('correct horse battery staple')).resolves.toMatchObject({ email })
  })
})
