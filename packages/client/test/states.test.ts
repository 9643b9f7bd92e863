/** What somebody hears who waits until a verifier is ready, and it never is. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../src/index.ts'
import { createStates } from '../src/verifier/states.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

const answered = (status: number, code: string) => {
  const detail = 'No.'
  return new ApiError(code, `POST /changes: ${detail}`, {
    status,
    detail,
    errors: [],
    requestId: undefined,
    retryAfterSeconds: undefined,
  })
}

test.each([
  ['an older service', answered(404, 'route_not_found'), 10_000, 'POST /changes: No.'],
  ['a proxy', answered(200, 'unexpected_answer'), 10_000, 'POST /changes: No.'],
  ['nobody', new Error('No answer from http://x'), 10_000, 'No answer from http://x'],
  ['nothing that is a lease', undefined, 10_000, 'no lease was given'],
  ['that its key is none', answered(401, 'invalid_credentials'), 0, 'POST /changes: No.'],
  ['that its key may not verify', answered(403, 'missing_permission'), 0, 'POST /changes: No.'],
])(
  'who is answered by %s waits no longer than it takes, and is told why',
  async (_name, failure, ms, why) => {
    const states = createStates({ follower: { isFresh: () => false, failure }, logger: { warn: () => {} } })
    const heard = vi.fn()
    const waiting = states.ready().catch(heard)
    if (ms > 0) {
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(heard).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
    }
    await waiting
    expect(heard).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'cannot_verify', message: expect.stringContaining(why) }),
    )
  },
)
