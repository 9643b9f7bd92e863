import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect } from 'vitest'
import { type Answer, call } from '../calling.ts'
import {
  type CallersHear,
  type Deployment,
  nextUrl,
  type Subject,
  type Tally,
  verifyOne,
} from './verify-secrets.ts'

/** Who asks at the same time, each one thing after the other. */
const CALLERS = 32
/** A change that is stored, and of which it cannot be told yet whether every server knows, is asked for again. */
const TRIES = 20

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

/**
 * Callers that verify keys with the secret they have and with the one they had. They are in a thread of their own, so
 * that whoever rotates asks the moment it is answered.
 */
export function startCallers(deployment: Deployment, subjects: readonly Subject[]): Callers {
  const thread = new Worker(new URL('./rotation-callers.ts', import.meta.url), {
    workerData: { deployment, subjects, callers: CALLERS },
  })
  const say = async (message: CallersHear): Promise<unknown> => {
    const heard = once(thread, 'message')
    thread.postMessage(message)
    return (await heard)[0]
  }
  // One after the other: an answer belongs to what was said before it.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (message: CallersHear): Promise<unknown> => {
    last = last.then(() => say(message))
    return last
  }
  return {
    tell: (subject) => inTurn({ index: subjects.indexOf(subject), subject }),
    async stop() {
      const tally = (await inTurn('stop')) as Tally
      await thread.terminate()
      return tally
    },
  }
}

export type Callers = {
  /** Resolves when they know of it. */
  tell(subject: Subject): Promise<unknown>
  stop(): Promise<Tally>
}

/** Gives it a new secret, and asks everybody for the old one when it is answered that it is dead. */
export async function rotateOnce(
  deployment: Deployment,
  callers: Callers,
  subject: Subject,
  tally: Tally,
): Promise<void> {
  subject.turn += 1
  await callers.tell(subject)
  const { status, body } = await rotate(deployment, subject)
  const fresh = String(body.key)
  subject.old = subject.current
  const asking = Array.from({ length: ASKED_AT_ONCE }, (_, index) =>
    verifyOne(deployment.urls[index % deployment.urls.length]!, deployment.key, subject, tally, true),
  )
  expect(status, JSON.stringify(body)).toBe(201)
  subject.current = fresh
  subject.turn += 1
  tally.rotations += 1
  await Promise.all([callers.tell(subject), ...asking])
}

/** On so many connections, which each process of a service has some of. */
const ASKED_AT_ONCE = 8

/** With an Idempotency-Key: asked again, it is one rotation. */
async function rotate(deployment: Deployment, { id, turn }: Subject): Promise<Answer> {
  const headers = { 'idempotency-key': `${id}-${turn}` }
  const request = { path: `/keys/${id}/rotation`, key: deployment.key, body: { overlapSeconds: 0 }, headers }
  for (let left = TRIES; ; left--) {
    const answer = await call(nextUrl(deployment), request)
    if (answer.status < 500 || left === 0) return answer
  }
}
