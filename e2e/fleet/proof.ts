import type { Recorder } from './revocations.ts'

/** Lease, margin and one read of the database: what a revocation waits after its commit, in milliseconds, at most. */
const PROMISED_MS = 2_900
/** The next bound that the servers count by, in seconds. */
const SETTLED_S = 3

/** The type of the notes by which a test says how far it is. */
export const PROGRESS = 'revocations'

/** What one fault came to. */
export type Proof = {
  readonly revocations: number
  /** Begun after the revocation had been answered, by their verdicts. */
  readonly verdicts: Readonly<Record<string, number>>
  readonly medianMs: number
  readonly slowestMs: number
  /** Answers that took longer than was promised. A busy machine makes some, so they are told and not forbidden. */
  readonly late: number
  /** The part of it that the protocol is about, from the commit on, as the servers have counted it. */
  readonly settles: Settles
  /** Revocations that were answered with an error, and asked again. */
  readonly refusals: number
}

declare module 'vitest' {
  interface TaskMeta {
    proof?: Proof
  }
}

/** How many revocations have waited for other servers, and how many of them too long. */
export type Settles = { readonly all: number; readonly late: number }

export async function countSettles(servers: readonly { readonly url: string }[]): Promise<Settles> {
  let [all, inTime] = [0, 0]
  for (const { url } of servers) {
    const text = await (await fetch(`${url}/metrics`)).text()
    const countOf = (bound: string) =>
      Number(text.split(`latchkey_revocation_settle_seconds_bucket{le="${bound}"} `)[1]?.split('\n')[0] ?? 0)
    all += countOf('+Inf')
    inTime += countOf(String(SETTLED_S))
  }
  return { all, late: all - inTime }
}

export function proofOf(
  recorder: Pick<Recorder, 'deleted' | 'tookMs' | 'refusals' | 'countVerdicts'>,
  before: Settles,
  after: Settles,
): Proof {
  const tookMs = recorder.tookMs.toSorted((one, other) => one - other)
  return {
    revocations: recorder.deleted.size,
    verdicts: recorder.countVerdicts(),
    medianMs: tookMs[Math.floor(tookMs.length / 2)] ?? 0,
    slowestMs: tookMs.at(-1) ?? 0,
    late: tookMs.filter((ms) => ms > PROMISED_MS).length,
    settles: { all: after.all - before.all, late: after.late - before.late },
    refusals: recorder.refusals,
  }
}

/** One line. */
export function describeProof({ revocations, verdicts, ...proof }: Proof): string {
  const verifications = Object.values(verdicts).reduce((sum, count) => sum + count, 0)
  const others = Object.entries(verdicts).map(([verdict, count]) => `${verdict} ${numeral(count)}`)
  return [
    `${numeral(revocations)} revocations`,
    `${numeral(verifications)} verifications after (${others.join(', ')})`,
    `${numeral(verdicts.VALID ?? 0)} accepted`,
    `DELETE ${numeral(proof.medianMs)} ms in the middle, ${numeral(proof.slowestMs)} ms at worst, ${proof.late} over ${numeral(PROMISED_MS)} ms`,
    `from its commit on, ${proof.settles.late} of ${numeral(proof.settles.all)} over ${SETTLED_S} s`,
    `${proof.refusals} refused and asked again`,
  ].join('; ')
}

export const numeral = (value: number): string => Math.round(value).toLocaleString('en')
