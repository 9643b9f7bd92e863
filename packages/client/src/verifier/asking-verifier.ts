import type { Settings } from '../options.ts'
import type { Verifier, VerifierCounters } from '../verifier.ts'
import { verifierClosed } from './closed.ts'
import type { Remote } from './remote.ts'

/** Where memory cannot be kept: the service is asked each time, and nothing is remembered. */
export function createAskingVerifier(
  { verdict }: Pick<Remote, 'verdict'>,
  nothing: VerifierCounters,
  logger: Settings['logger'],
): Verifier {
  logger.warn('latchkey: no memory here: each verification asks the service.')
  let asked = 0
  let isClosed = false
  const close = async () => {
    isClosed = true
  }
  return {
    ready: () => (isClosed ? Promise.reject(verifierClosed()) : Promise.resolve()),
    verify(attempt) {
      if (isClosed) return Promise.reject(verifierClosed())
      asked += 1
      return verdict(attempt)
    },
    state: 'catching-up',
    get counters() {
      return { ...nothing, asked }
    },
    on: () => () => {},
    close,
    [Symbol.asyncDispose]: close,
  }
}
