import type { Timing } from '@latchkey/core/timing'
import type { Settings } from '../options.ts'
import { randomId } from '../random-id.ts'
import { NOTHING_COUNTED, type Verifier, type VerifierOptions } from '../verifier.ts'
import { createAskingVerifier } from './asking-verifier.ts'
import { verifierClosed } from './closed.ts'
import { createJudge } from './judge.ts'
import { createLocalEngine } from './local-engine.ts'
import { connect, isRefusal } from './remote.ts'
import { cannotVerify, createStates } from './states.ts'
import { createTagger } from './tagger.ts'
import { createUses } from './uses.ts'

/** Begins to follow what changes, and judges from memory as long as that is proven up to date. */
export function createLocalVerifier(settings: Settings, options: VerifierOptions): Verifier {
  const tagOf = createTagger()
  if (tagOf === undefined)
    return createAskingVerifier(
      connect(settings, () => {}),
      NOTHING_COUNTED,
      settings.logger,
    )
  const parts = assemble(settings, options, tagOf)
  const { engine, follower, states, uses, judge, counts } = parts
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeAll(parts)
    return closing
  }
  follower.start()
  return {
    ready: () => (closing === undefined ? states.ready() : Promise.reject(verifierClosed())),
    verify(attempt) {
      if (closing !== undefined) return Promise.reject(verifierClosed())
      // Whoever is not accepted does not go on asking: memory is empty, and the service refuses.
      if (isRefusal(follower.failure)) return Promise.reject(cannotVerify(follower.failure))
      return judge(attempt)
    },
    get state() {
      return states.now
    },
    get counters() {
      const { hits, loads, size: keys } = engine
      const { polls, resets } = follower
      return { hits, loads, keys, polls, resets, ...counts, reported: uses.reported, lost: uses.lost }
    },
    on: (_event, listener) => states.on(listener),
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Parts = ReturnType<typeof assemble>

function assemble(
  settings: Settings,
  { keysMax }: VerifierOptions,
  fingerprint: NonNullable<ReturnType<typeof createTagger>>,
) {
  const timing = systemTiming
  const counts = { asked: 0 }
  const service = connect(settings, () => follower.forget())
  const { engine, follower, clock } = createLocalEngine({
    timing,
    fingerprint,
    record: service.record,
    changes: service.changes,
    hangUp: service.hangUp,
    newId: randomId,
    isRefusal,
    onLook: () => states.look(),
    onClockApart: (byMs) => settings.logger.warn(clockWarning(byMs)),
    keysMax,
  })
  const states = createStates({ follower, logger: settings.logger })
  const uses = createUses({ timing, clock, newId: randomId, send: service.report })
  const judge = createJudge({
    engine,
    clock,
    uses,
    ask(attempt) {
      counts.asked += 1
      return service.verdict(attempt)
    },
    onRefused: follower.forget,
  })
  return { engine, follower, states, uses, service, judge, counts }
}

async function closeAll({ follower, uses, service, states }: Parts): Promise<void> {
  states.close(verifierClosed())
  // Nothing else here keeps the process alive until the goodbye is said.
  const held = setInterval(() => {}, 60_000)
  try {
    await follower.stop()
    await uses.close()
  } finally {
    service.close()
    clearInterval(held)
  }
}

/** Timers keep no process alive. */
const systemTiming: Timing = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

function clockWarning(byMs: number): string {
  const minutes = Math.round(Math.abs(byMs) / 60_000)
  return `latchkey: the clock of this machine is ${minutes} min ${byMs < 0 ? 'behind' : 'ahead of'} that of the service: set both by NTP.`
}
