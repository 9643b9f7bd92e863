import type { Answer, Call } from '../calling.ts'
import type { FleetServer } from './fleet.ts'

/** A key that was acknowledged, and whatever else stands for it. */
export type Issued = {
  readonly id: string
  readonly secret: string
  readonly userId: string
  readonly companyId: string
}

/** What makes a key, or all keys of a user or company, stop. */
export type Revoking = Pick<Call, 'path' | 'body' | 'headers'> & { readonly method: 'DELETE' | 'PATCH' }

type Use = {
  readonly key: Issued
  /** The server's name. */
  readonly at: string
  readonly began: number
  readonly verdict: string
}
/** Acknowledged, and when. */
type Revocation = { readonly name: string; readonly acknowledged: number }

type Named = { readonly name: string }

/** Whom a recorder asks. */
type Asked<Server> = {
  call(server: Server, request: Omit<Call, 'key'>): Promise<Answer>
  readonly userId: string
  readonly companyId: string
}

/** Everything that was asked of a fleet, in the order in which it was asked and answered. */
export type Recorder<Server extends Named = FleetServer> = {
  /** Keys that were acknowledged. */
  readonly issued: readonly Issued[]
  readonly deleted: ReadonlySet<string>
  /** How long each answer to a revocation took, whatever it was, in milliseconds. */
  readonly tookMs: readonly number[]
  /** Revocations that were answered with anything else. */
  readonly refusals: number
  issue(server: Server, company?: { readonly companyId: string; readonly userId: string }): Promise<Issued>
  /** Verifies a key; answers the verdict's code, the code of the problem, or `no answer`. */
  verify(server: Server, key: Issued): Promise<string>
  /** Uses a token, or the key itself, as a credential; answers VALID, the code of the problem, or `no answer`. */
  present(server: Server, key: Issued, credential: string): Promise<string>
  revoke(server: Server, revoking: Revoking): Promise<Answer>
  remove(server: Server, key: Issued): Promise<Answer>
  /** How often each verdict was given, after whatever revoked the key was acknowledged. */
  countVerdicts(): Record<string, number>
  /** Uses that began after a revocation was acknowledged, and were accepted: none, if the service keeps its word. */
  findViolations(): string[]
}

export function createRecorder<Server extends Named>(fleet: Asked<Server>): Recorder<Server> {
  const issued: Issued[] = []
  const deleted = new Set<string>()
  const { use, revoke, ...judgement } = createRecord()
  const askRevoke = (server: Server, revoking: Revoking) =>
    revoke(revoking, () => fleet.call(server, revoking))

  return {
    issued,
    deleted,
    tookMs: judgement.tookMs,
    get refusals() {
      return judgement.refusals()
    },
    async issue(server, { companyId, userId } = fleet) {
      const headers = companyId === fleet.companyId ? {} : { 'X-Company-Id': companyId }
      const answer = await fleet.call(server, { path: '/keys', body: { userId }, headers })
      if (answer.status !== 201) throw new Error(`no key was made: ${JSON.stringify(answer.body)}`)
      const key = { id: String(answer.body.id), secret: String(answer.body.key), userId, companyId }
      issued.push(key)
      return key
    },
    verify: (server, key) =>
      use(server, key, () => fleet.call(server, { path: '/verify', body: { key: key.secret } })),
    present: (server, key, credential) =>
      use(server, key, () => fleet.call(server, { path: '/me', bearer: credential })),
    revoke: askRevoke,
    async remove(server, key) {
      const answer = await askRevoke(server, { method: 'DELETE', path: `/keys/${key.id}` })
      if (answer.status === 204) deleted.add(key.id)
      return answer
    },
    countVerdicts: judgement.countVerdicts,
    findViolations: judgement.findViolations,
  }
}

/** What was asked and answered, and the judgement on it. */
function createRecord() {
  const uses: Use[] = []
  /** The first of each key, user and company, by its id. */
  const revocations = new Map<string, Revocation>()
  const tookMs: number[] = []
  let refusals = 0
  // Order is counted, not timed: two moments of one clock may read the same.
  let moment = 0
  const tick = () => {
    moment += 1
    return moment
  }
  /** Whatever was acknowledged before the use began. */
  const revokedBefore = ({ key, began }: Use): Revocation | undefined =>
    [key.id, key.userId, key.companyId]
      .map((id) => revocations.get(id))
      .find((revocation) => revocation !== undefined && revocation.acknowledged < began)

  return {
    async use(server: Named, key: Issued, ask: () => Promise<Answer>): Promise<string> {
      const began = tick()
      const verdict = await ask().then(verdictOf, () => 'no answer')
      uses.push({ key, at: server.name, began, verdict })
      return verdict
    },
    async revoke({ method, path }: Revoking, ask: () => Promise<Answer>): Promise<Answer> {
      const askedAtMs = performance.now()
      const answer = await ask()
      tookMs.push(performance.now() - askedAtMs)
      if (answer.status === 200 || answer.status === 204) {
        const id = path.slice(path.lastIndexOf('/') + 1)
        const first = revocations.get(id) ?? { name: `${method} ${path}`, acknowledged: tick() }
        revocations.set(id, first)
      } else {
        refusals += 1
      }
      return answer
    },
    tookMs,
    refusals: () => refusals,
    countVerdicts() {
      const counts: Record<string, number> = {}
      for (const one of uses) {
        if (revokedBefore(one) !== undefined) counts[one.verdict] = (counts[one.verdict] ?? 0) + 1
      }
      return counts
    },
    findViolations: () =>
      uses.flatMap((one) => {
        const revocation = one.verdict === 'VALID' ? revokedBefore(one) : undefined
        if (revocation === undefined) return []
        const { name, acknowledged } = revocation
        return [
          `${one.key.id} at ${one.at}, asked at ${one.began}, after ${name} was answered at ${acknowledged}`,
        ]
      }),
  }
}

/** `/me` says yes by answering at all. */
function verdictOf({ status, body }: Answer): string {
  if (status !== 200) return String(body.code)
  return typeof body.code === 'string' ? body.code : 'VALID'
}
