import { expect } from 'vitest'
import type { JoinedServer, Parsed, TestAnswer } from './harness.ts'

type At = Pick<JoinedServer, 'call'>

let names = 0

/** A verifier that asks what changed when it is told to. */
export function createAskingVerifier(key: string, at: At) {
  const verifier = `verifier-of-the-test-${names++}`
  const state: { epoch: string | null; after: number | null } = { epoch: null, after: null }
  /** Until when it may answer from memory, on this clock. */
  let leaseEndsMs = 0
  async function ask(fields: object = {}, where: At = at): Promise<TestAnswer> {
    const sentMs = performance.now()
    const body = { verifier, ...state, hold: 0, nonce: 'n', ...fields }
    const answer = await where.call({ method: 'POST', path: '/changes', key, body })
    if (answer.status !== 200) return answer
    const { epoch, through, leaseMs, heldMs, provenMsAgo } = answer.body
    state.after = Math.max(through, state.epoch === epoch ? (state.after ?? 0) : 0)
    state.epoch = epoch
    leaseEndsMs = leaseMs === 0 ? 0 : sentMs + heldMs - provenMsAgo + leaseMs
    return answer
  }
  return {
    ask,
    told: async (fields?: object, where?: At): Promise<Parsed> => {
      const answer = await ask(fields, where)
      expect(answer.status, answer.text).toBe(200)
      return answer.body
    },
    get leaseEndsMs() {
      return leaseEndsMs
    },
    goodbye: () => ask({ goodbye: true }),
  }
}
