import { call } from '../calling.ts'

/** A deployment under test. */
export type Deployment = {
  /** Who verifies and rotates: asked in turn. */
  readonly urls: readonly string[]
  readonly key: string
  readonly userId: string
}

/** A key and its secrets, as whoever rotates it knows them. */
export type Subject = {
  readonly id: string
  /** What it was answered to have. */
  current: string
  /** Answered to be dead; undefined: none yet. */
  old: string | undefined
  /** Moves when a rotation begins and when it was answered; odd meanwhile. */
  turn: number
}

/** What was asked and answered, while nothing else but the rotations went on. */
export type Tally = {
  /** Verifications of a secret that were begun after a 201 said that it was dead, and those of them that said yes. */
  byDead: number
  byDeadAccepted: number
  /** Of the current secret, while it was not rotated, and those of them that said no. */
  byCurrent: number
  byCurrentRefused: number
  rotations: number
}

export const emptyTally = (): Tally => ({
  byDead: 0,
  byDeadAccepted: 0,
  byCurrent: 0,
  byCurrentRefused: 0,
  rotations: 0,
})

let asked = 0
export const nextUrl = ({ urls }: Deployment): string => urls[asked++ % urls.length]!

/** Verifies the secret that a key had, where it had one and it is wanted, or has. Answers the verdict; undefined: there was none. */
export async function verifyOne(
  url: string,
  key: string,
  subject: Subject,
  tally: Tally,
  isOldWanted: boolean,
): Promise<unknown> {
  const { old, current, turn } = subject
  const isDead = isOldWanted && old !== undefined
  const answer = await call(url, { path: '/verify', key, body: { key: isDead ? old : current } })
  // Whoever cannot tell says so, and does not say yes.
  const code = answer.status === 200 ? answer.body.code : undefined
  if (isDead) {
    tally.byDead += 1
    if (code === 'VALID') tally.byDeadAccepted += 1
  } else if (turn % 2 === 0 && subject.turn === turn && answer.status === 200) {
    tally.byCurrent += 1
    if (code !== 'VALID') tally.byCurrentRefused += 1
  }
  return code
}

export type CallersHear = 'stop' | { readonly index: number; readonly subject: Subject }
