import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Verifier } from '@latchkey/core/verifier'
import type { Observation } from '../../src/storage/engine.ts'
import type { Judge } from './judge.ts'

type Memory = Pick<Verifier, 'drop' | 'clear'>

/** Stands before a server's memory and checks that what it forgets is what the log says, each row once, in order. */
export function watchMemory(memory: Memory, judge: Judge, name: string, applied: () => number | undefined) {
  let known = -1
  let epoch: string | undefined
  let lastSeen: Observation | undefined
  let dropped: RevocationScope[] = []
  let isCleared = false

  function fail(detail: string): void {
    judge.report('I4 each revision once, in order', `${name} ${detail}`)
  }

  function checkDropped(now: number): void {
    if (dropped.length !== now - known) {
      fail(`forgot ${dropped.length} for ${known + 1}…${now}`)
      return
    }
    for (const [index, { scope, id }] of dropped.entries()) {
      const due = judge.logged(epoch!, known + 1 + index)
      if (due !== `${scope} ${id}`) fail(`forgot ${scope} ${id} where the log has ${due}`)
    }
  }

  return {
    watched: {
      drop(...revoked: readonly RevocationScope[]) {
        dropped.push(...revoked)
        memory.drop(...revoked)
      },
      clear() {
        isCleared = true
        memory.clear()
      },
    },
    seen(observation: Observation): void {
      lastSeen = observation
    },
    check(): void {
      const now = applied() ?? -1
      if (now === known && dropped.length === 0 && !isCleared) return
      if (!isCleared) checkDropped(now)
      else if (now < known && lastSeen?.epoch === epoch) fail(`went back from ${known} to ${now}`)
      if (now !== known || isCleared) epoch = now === -1 ? undefined : (lastSeen?.epoch ?? epoch)
      known = now
      dropped = []
      isCleared = false
    },
  }
}
