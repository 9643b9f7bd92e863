import { AppError } from '@latchkey/core/error'
import { isWithin, momentOf, type Timing } from '@latchkey/core/timing'
import type { FollowedChanges, Observation, Revocation, ServerRow } from '../../storage/engine.ts'
import { isKnownToAll } from '../verifiers/known-to-all.ts'
import type { Lease } from './lease.ts'
import { pause, within } from './timing.ts'

/** A survey that is not answered by then is given up. */
const SURVEY_MS_MAX = 400
/**
 * Pauses between two surveys. Short at first: healthy servers apply a change within milliseconds. Then longer: a
 * hundred verifiers take some 100 ms to hear of it. Whoever is still silent is waited for until its lease is over.
 */
const PAUSES_MS = [3, 5, ...Array<number>(3).fill(10), ...Array<number>(10).fill(20), 50] as const

/**
 * When the store has answered nothing for so long, the lease of the others is not known either. It is far shorter than
 * this.
 */
const GIVE_UP_MS = 5_000

type BarrierOptions = {
  readonly followed: Pick<FollowedChanges, 'survey'>
  readonly lease: Pick<Lease, 'expect'>
  readonly timing: Timing
  /**
   * Called with a row that stood still until its lease was over: its server is dead, and there may be nobody else to
   * remove it.
   */
  readonly onDead?: (id: string, beat: string) => void
}

/**
 * Resolves when no server and no connected verifier can still answer from before the revocation: each has applied it,
 * or its lease is over. Call it after the commit. Throws AppError `unavailable` when that cannot be told.
 */
export function createBarrier({ followed, lease, timing, onDead }: BarrierOptions) {
  const survey = createSharedSurvey(async () => {
    const isExpected = lease.expect()
    const seen = await within(timing, SURVEY_MS_MAX, followed.survey())
    if (!isExpected(seen)) throw unproven()
    return seen
  })

  return async (revocation: Revocation): Promise<void> => {
    const { revision, epoch } = revocation
    const committedAtMs = timing.monotonicMs()
    let failure: unknown
    let first: Sighting | undefined
    for (let round = 0; ; round += 1) {
      const asked = momentOf(timing)
      const seen = await survey().catch((error: unknown) => {
        failure = error
        return undefined
      })
      if (seen !== undefined) {
        if (seen.epoch !== epoch || seen.revision < revision) throw unproven()
        // Whoever removes a row must have watched it stand still for a whole lease: the time counts from the first
        // sighting.
        first ??= { atMs: timing.monotonicMs(), servers: seen.servers }
        const sinceMs = onDead === undefined ? committedAtMs : first.atMs
        const isOver = asked.monotonicMs - sinceMs > seen.leaseMs + seen.marginMs
        if (isOver && onDead !== undefined) for (const { id, beat } of unmoved(first, seen)) onDead(id, beat)
        if (isWithin(timing, asked, seen.leaseMs) && (isOver || hasApplied(seen, revocation))) return
      } else if (timing.monotonicMs() - committedAtMs > GIVE_UP_MS) {
        throw unproven(failure)
      }
      await pause(timing, PAUSES_MS[Math.min(round, PAUSES_MS.length - 1)]!)
    }
  }
}

type Sighting = { readonly atMs: number; readonly servers: readonly ServerRow[] }

const unmoved = (first: Sighting, { servers }: Observation): readonly ServerRow[] =>
  servers.filter(({ id, beat }) => first.servers.some((server) => server.id === id && server.beat === beat))

/** Whether every server has applied it, and every verifier that has to know it does. */
function hasApplied({ servers }: Observation, { revision, epoch, companyId }: Revocation): boolean {
  return servers.every(
    (server) =>
      server.epoch === epoch && server.applied >= revision && isKnownToAll(server, revision, companyId),
  )
}

/**
 * Shares one survey among all who wait. It always begins after they asked: one that is running already may be too old.
 */
function createSharedSurvey(ask: () => Promise<Observation>): () => Promise<Observation> {
  let running: Promise<unknown> | undefined
  let next: Promise<Observation> | undefined
  return () => {
    if (next !== undefined) return next
    const begin = (): Promise<Observation> => {
      next = undefined
      const asked = ask()
      const over = () => {
        if (running === settled) running = undefined
      }
      const settled: Promise<void> = asked.then(over, over)
      running = settled
      return asked
    }
    if (running === undefined) return begin()
    next = running.then(begin)
    return next
  }
}

function unproven(cause?: unknown): AppError {
  return new AppError(
    'unavailable',
    'The change is stored, but it cannot be told whether every server has applied it: repeat the request.',
    { retryAfterSeconds: 1, cause },
  )
}
