import type { Timing } from '@latchkey/core/timing'

/** Behind a balancer that picks by chance, all of a few servers are met in so many tries, nearly always. */
const TRIES_A_SERVER = 8
/** Names beyond that are no servers. */
const SERVERS_MAX = 1_000

/** Which servers have heard up to where memory has applied what changed: revocations wait for each of them. */
export type Hearers = {
  /** A server has answered a question that said so much. One that answers nothing during its lease is not waited for. */
  note(server: string, applied: number, leaseMs: number): void
  /** Something was forgotten: every server that answers us is to hear of it soon. */
  owe(applied: number): void
  /** Whether to ask again at once: behind a balancer one cannot choose who hears it. */
  takeTry(): boolean
  clear(): void
}

export function createHearers({ monotonicMs }: Pick<Timing, 'monotonicMs'>): Hearers {
  const servers = new Map<string, { readonly applied: number; readonly untilMs: number }>()
  let owed = -1
  let triesLeft = 0

  function forgetSilent(): void {
    const nowMs = monotonicMs()
    for (const [server, { untilMs }] of servers) if (untilMs < nowMs) servers.delete(server)
  }

  return {
    note(server, applied, leaseMs) {
      forgetSilent()
      if (servers.size < SERVERS_MAX) servers.set(server, { applied, untilMs: monotonicMs() + leaseMs })
    },
    owe(applied) {
      owed = applied
      triesLeft = TRIES_A_SERVER * servers.size
    },
    takeTry() {
      forgetSilent()
      if (triesLeft === 0 || [...servers.values()].every(({ applied }) => applied >= owed)) return false
      triesLeft -= 1
      return true
    },
    clear() {
      servers.clear()
      owed = -1
      triesLeft = 0
    },
  }
}
