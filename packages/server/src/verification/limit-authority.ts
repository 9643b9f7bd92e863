import type { KeyId } from '@latchkey/core/ids'
import { type Account, decideAsk, type LimitAnswer, type LimitAsk } from '@latchkey/core/limit-account'
import type { Timing } from '@latchkey/core/timing'
import type { Engine } from '../storage/engine.ts'
import { findAccountLocked, saveAccount } from '../storage/tables/key-limits.ts'
import type { Db } from '../storage/tables/schema.ts'
import { within } from './freshness/timing.ts'

/** Keys that are asked for in one transaction. */
const TOGETHER_MAX = 50
/** An answer that takes longer comes to nothing: what it leased is lost to the key, never used twice. */
const ANSWER_MS_MAX = 2_000

type Waiting = {
  readonly keyId: KeyId
  readonly ask: LimitAsk
  readonly resolve: (answer: LimitAnswer) => void
  readonly reject: (error: unknown) => void
}

type Options = {
  readonly engine: Pick<Engine, 'write'>
  /** By the one clock that all processes on the store have in common. */
  readonly nowMs: (db: Db) => Promise<number>
  readonly timing: Timing
  readonly onEnd: (result: 'answered' | 'failed', durationMs: number) => void
}

/**
 * The store is the one authority for limits. Every process asks it in one transaction at a time, which answers all that
 * was asked since the last. What it leases is durable before anybody uses it.
 */
export function createLimitAuthority({ engine, nowMs, timing, onEnd }: Options) {
  const waiting: Waiting[] = []
  let isWriting = false

  async function decideAll(db: Db, asked: readonly Waiting[]): Promise<LimitAnswer[]> {
    const accounts = new Map<KeyId, Account>()
    // In one order everywhere: two servers that hold the same rows must not wait for each other in a circle.
    for (const keyId of [...new Set(asked.map((each) => each.keyId))].sort()) {
      accounts.set(keyId, await findAccountLocked(db, keyId))
    }
    // Asked when the rows are held: whoever held them before may have decided after this transaction began.
    const atMs = await nowMs(db)
    const answers = asked.map(({ keyId, ask }) => {
      const { account, answer } = decideAsk(accounts.get(keyId)!, ask, atMs)
      accounts.set(keyId, account)
      return answer
    })
    for (const [keyId, account] of accounts) await saveAccount(db, keyId, account)
    return answers
  }

  async function writeAll(): Promise<void> {
    isWriting = true
    while (waiting.length > 0) {
      const asked = waiting.splice(0, TOGETHER_MAX)
      const startedAtMs = timing.monotonicMs()
      const end = (result: 'answered' | 'failed') => onEnd(result, timing.monotonicMs() - startedAtMs)
      try {
        const written = engine.write((db) => decideAll(db, asked))
        const { value } = await within(timing, ANSWER_MS_MAX, written)
        end('answered')
        for (const [index, { resolve }] of asked.entries()) resolve(value[index]!)
      } catch (error) {
        end('failed')
        for (const { reject } of asked) reject(error)
      }
    }
    isWriting = false
  }

  return (keyId: string, ask: LimitAsk): Promise<LimitAnswer> =>
    new Promise((resolve, reject) => {
      waiting.push({ keyId: keyId as KeyId, ask, resolve, reject })
      if (!isWriting) void writeAll()
    })
}
