import { expectCreated, type Parsed, type TestCompany, type TestService } from './harness.ts'

type Caller = Pick<TestService, 'call'>

/** What most tests ask about the keys of a company, asked as its admin. The keys are its developer's. */
export function companyKeys(server: Caller, companyOf: () => TestCompany) {
  const admin = () => companyOf().users.admin.key
  return {
    admin,
    /** Throws with the whole answer when the key is not created. */
    create: (fields: object = {}): Promise<Parsed> =>
      expectCreated(server, {
        path: '/keys',
        key: admin(),
        body: { userId: companyOf().users.developer.id, ...fields },
      }),
    read: async (id: string): Promise<Parsed> =>
      (await server.call({ path: `/keys/${id}`, key: admin() })).body,
    /** The verdict on a text. `by`: another server. Throws with the whole answer when there is no verdict. */
    async verify(key: string, fields: object = {}, by: Caller = server): Promise<Parsed> {
      const answer = await by.call({
        method: 'POST',
        path: '/verify',
        key: admin(),
        body: { key, ...fields },
      })
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
      return answer.body
    },
  }
}
