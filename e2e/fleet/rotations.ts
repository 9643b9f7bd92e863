import { expect } from 'vitest'
import { type Answer, call } from '../calling.ts'

/** Who asks at the same time, each one thing after the other. */
const CALLERS = 32
/** A change that is stored, and of which it cannot be told yet whether every server knows, is asked for again. */
const TRIES = 20

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
const nextUrl = ({ urls }: Deployment): string => urls[asked++ % urls.length]!

export async function createSubjects(deployment: Deployment, count: number): Promise<Subject[]> {
  const { key, userId } = deployment
  const made = Array.from({ length: count }, () =>
    call(nextUrl(deployment), { path: '/keys', key, body: { userId, permissions: [] } }),
  )
  return (await Promise.all(made)).map(({ body }) => ({
    id: String(body.id),
    current: String(body.key),
    old: undefined,
    turn: 0,
  }))
}

/** Callers that verify keys with the secret they have and with the one they had, until they are told to stop. */
export function startCallers(
  deployment: Deployment,
  subjects: readonly Subject[],
  tally: Tally,
): { stop(): Promise<void> } {
  let isStopped = false
  const calling = Array.from({ length: CALLERS }, async (_, index) => {
    while (!isStopped) {
      const subject = subjects[Math.floor(Math.random() * subjects.length)]!
      await verifyOne(nextUrl(deployment), deployment.key, subject, tally, index % 2 === 0)
    }
  })
  return {
    async stop() {
      isStopped = true
      await Promise.all(calling)
    },
  }
}

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

/** Gives it a new secret; the old one is dead when that is answered. */
export async function rotateOnce(deployment: Deployment, subject: Subject, tally: Tally): Promise<void> {
  subject.turn += 1
  const { status, body } = await rotate(deployment, subject)
  expect(status, JSON.stringify(body)).toBe(201)
  subject.old = subject.current
  subject.current = String(body.key)
  subject.turn += 1
  tally.rotations += 1
}

/** With an Idempotency-Key: asked again, it is one rotation. */
async function rotate(deployment: Deployment, { id, turn }: Subject): Promise<Answer> {
  const headers = { 'idempotency-key': `${id}-${turn}` }
  const request = { path: `/keys/${id}/rotation`, key: deployment.key, body: { overlapSeconds: 0 }, headers }
  for (let left = TRIES; ; left--) {
    const answer = await call(nextUrl(deployment), request)
    if (answer.status < 500 || left === 0) return answer
  }
}
