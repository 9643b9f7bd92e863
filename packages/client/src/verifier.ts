import type { VerifyRequest, VerifyResult } from './wire.ts'

/** What a verifier may be made with. */
export interface VerifierOptions {
  /** Keys held in memory, some 500 bytes each. Default: 100,000. */
  keysMax?: number
}

/**
 * fresh: memory may answer. catching-up: the service is asked each time, until memory may answer again. cut-off: the
 * service is silent, or does not accept the verifier's own key.
 */
export type VerifierState = 'fresh' | 'catching-up' | 'cut-off'

/** Counted since the start. */
export interface VerifierCounters {
  /** Answered from memory. */
  hits: number
  /** Keys that were read from the service, and verdicts that it gave itself. */
  loads: number
  asked: number
  /** Keys in memory now. */
  keys: number
  /** Questions for changes, and how often everything had to be forgotten. */
  polls: number
  resets: number
  /** Verdicts that the service was told of, and those it could not be told of. */
  reported: number
  lost: number
}

/** Judges keys in this process, as the service would at this moment. */
export interface Verifier {
  /**
   * Resolves when memory may answer. Nobody has to wait: until then the service is asked. Rejects when the service does
   * not accept the verifier, or is silent for ten seconds.
   */
  ready(): Promise<void>
  /** The verdict: at once when memory may answer. Fails, and never says yes, when it cannot be told. */
  verify(attempt: VerifyRequest): VerifyResult | Promise<VerifyResult>
  readonly state: VerifierState
  readonly counters: VerifierCounters
  /** Calls back with each new state; answers how to stop that. */
  on(event: 'state', listener: (state: VerifierState) => void): () => void
  /** Empties memory, and tells the service of the last uses. Afterwards nothing is verified. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** By a verifier that has just begun. */
export const NOTHING_COUNTED: VerifierCounters = {
  hits: 0,
  loads: 0,
  asked: 0,
  keys: 0,
  polls: 0,
  resets: 0,
  reported: 0,
  lost: 0,
}

/** The verifier whose code is being loaded: whoever makes none does not pay for it. */
export function openVerifier(loading: Promise<Verifier>): Verifier {
  let loaded: Verifier | undefined
  loading.then(
    (verifier) => {
      loaded = verifier
    },
    () => {},
  )
  const close = async () => (await loading).close()
  return {
    ready: async () => (await loading).ready(),
    verify: (attempt) =>
      loaded === undefined ? loading.then((verifier) => verifier.verify(attempt)) : loaded.verify(attempt),
    get state() {
      return loaded?.state ?? 'catching-up'
    },
    get counters() {
      return loaded?.counters ?? NOTHING_COUNTED
    },
    on(event, listener) {
      let stop = () => {}
      let isOver = false
      loading.then(
        (verifier) => {
          if (!isOver) stop = verifier.on(event, listener)
        },
        () => {},
      )
      return () => {
        isOver = true
        stop()
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
