import type { Settings } from '../options.ts'
import type { Verifier, VerifierCounters } from '../verifier.ts'
import { verifierClosed } from './closed.ts'
import type { Remote } from './remote.ts'

/** Where there is no hash without a promise: the service is asked each time, and nothing is remembered. */
export function createAskingVerifier(
  { verdict }: Pick<Remote, 'verdict'>,
  nothing: VerifierCounters,
  logger: Settings['logger'],
): Verifier {
  logger.warn('latchkey: there is no node:crypto with hash() here, so each verification asks the service.')
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
