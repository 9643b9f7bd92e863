import { expectCreated, type TestAnswer, type TestService } from '../harness.ts'
import { givePassword, PASSWORD } from '../tokens/issued-token.ts'

type Caller = Pick<TestService, 'call'>

/** Sign-ins by owners and strangers, from any address. `emailOf`: the name that is guessed at, where none is given. */
export function createGuessing(server: TestService, emailOf: () => string) {
  let networks = 0
  let names = 0

  const signIn = (from: string, password = PASSWORD, username = emailOf(), at: Caller = server) =>
    at.call({ method: 'POST', path: '/auth/token', key: null, from, body: { username, password } })

  return {
    /** An address that nobody used before. */
    fresh: () => `198.${18 + Math.floor(++networks / 65_536)}.${(networks >> 8) & 255}.${networks & 255}`,
    /** A name that no user has. */
    nobody: () => `nobody-${++names}@example.com`,
    /** Makes a user with a password. Returns its email address. */
    async newPerson(): Promise<string> {
      const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer' } })
      return givePassword(server, user.id)
    },
    signIn,
    guess: (from: string, username = emailOf()) => signIn(from, 'not the password', username),
  }
}

export const statusesOf = (answers: readonly TestAnswer[]) => answers.map(({ status }) => status)

/** Asks so many times, each after the last was answered. */
export async function inTurn(times: number, ask: (index: number) => Promise<TestAnswer>): Promise<number[]> {
  const answers: TestAnswer[] = []
  for (let index = 0; index < times; index += 1) answers.push(await ask(index))
  return statusesOf(answers)
}

/** What so many answers with one status look like. */
export const all = (times: number, status: number) => Array<number>(times).fill(status)
