import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/key-cache'
import type { Head } from '../../src/storage/engine.ts'
import type { Agenda } from './agenda.ts'
import type { ModelKey, Mutation } from './model-store.ts'
import type { Random } from './random.ts'
import type { Answer } from './wire.ts'

/** One connection's transaction. READ COMMITTED: each statement sees what was committed when it ran. */
export type Session = {
  begin(answer: Answer<Head>): void
  /** Waits for the company's row. */
  lockCompany(id: CompanyId, answer: Answer<undefined>): void
  findKey(id: KeyId, answer: Answer<ModelKey | undefined>): void
  change(mutate: Mutation, answer: Answer<undefined>): void
  /** Takes the head's row, moves it, notes what changed, and commits: all in one message. */
  commit(scopes: readonly RevocationScope[], epoch: string, answer: Answer<number | undefined>): void
  /** The connection is gone. */
  abort(): void
}

type Transaction = {
  state: 'open' | 'committing' | 'over'
  /** A statement is running, or waits for a lock. */
  isBusy: boolean
  mutations: Mutation[]
  /** Told when the store goes down under it. */
  onLost: () => void
}

type Contents = {
  readonly head: () => Head
  readonly apply: (
    mutations: readonly Mutation[],
    scopes: readonly RevocationScope[],
    isNoticed: boolean,
  ) => number
  readonly find: (id: KeyId) => ModelKey | undefined
  readonly fsyncMs: () => number
}

const IDLE_MS_MAX = 400

export function createSessions(agenda: Agenda, random: Random, { head, apply, find, fsyncMs }: Contents) {
  const locks = createLocks<Transaction>()
  const transactions = new Set<Transaction>()

  function end(transaction: Transaction): void {
    transaction.state = 'over'
    transactions.delete(transaction)
    locks.release(transaction)
  }

  function watch(transaction: Transaction): void {
    transaction.isBusy = false
    const { mutations } = transaction
    // Each statement makes a new list: so the same list means that nothing was asked since.
    agenda.quietly(IDLE_MS_MAX, () => {
      if (transaction.state === 'open' && !transaction.isBusy && transaction.mutations === mutations)
        end(transaction)
    })
  }

  /** Runs one statement of an open transaction. */
  function during<T>(
    transaction: Transaction,
    answer: Answer<T>,
    run: (done: (value: T) => void) => void,
  ): void {
    if (transaction.state !== 'open') return answer(new Error('the transaction was ended'))
    transaction.isBusy = true
    transaction.mutations = [...transaction.mutations]
    transaction.onLost = () => answer(new Error('connection terminated'))
    run((value) => {
      watch(transaction)
      answer(undefined, value)
    })
  }

  function commit(
    transaction: Transaction,
    scopes: readonly RevocationScope[],
    answer: Answer<number | undefined>,
  ): void {
    transaction.state = 'committing'
    const cancel = agenda.quietly(fsyncMs(), () => {
      const revision = apply(transaction.mutations, scopes, true)
      end(transaction)
      answer(undefined, scopes.length === 0 ? undefined : revision)
    })
    transaction.onLost = () => {
      cancel()
      // It was on its way to the disk: nobody can tell whether it got there.
      if (random.chance(0.5)) apply(transaction.mutations, scopes, false)
      answer(new Error('connection terminated'))
    }
  }

  return {
    open(): Session {
      const transaction: Transaction = {
        state: 'open',
        isBusy: false,
        mutations: [],
        onLost: () => {},
      }
      transactions.add(transaction)
      return {
        begin: (answer) => during(transaction, answer, (done) => done(head())),
        lockCompany: (id, answer) =>
          during(transaction, answer, (done) => locks.take(id, transaction, () => done(undefined))),
        findKey: (id, answer) => during(transaction, answer, (done) => done(find(id))),
        change: (mutate, answer) =>
          during(transaction, answer, (done) => {
            transaction.mutations.push(mutate)
            done(undefined)
          }),
        commit: (scopes, epoch, answer) =>
          during<number | undefined>(transaction, answer, () => {
            if (scopes.length === 0) return commit(transaction, scopes, answer)
            locks.take('head', transaction, () => {
              if (head().epoch === epoch) return commit(transaction, scopes, answer)
              end(transaction)
              answer(new Error('another epoch'))
            })
          }),
        abort: () => {
          if (transaction.state === 'open') end(transaction)
        },
      }
    },
    /** The store goes down. */
    endAll(): void {
      const lost = [...transactions]
      transactions.clear()
      locks.clear()
      for (const transaction of lost) transaction.onLost()
      for (const transaction of lost) transaction.state = 'over'
    },
  }
}

/** Locks by name, each given in the order in which it was asked for. */
function createLocks<Owner>() {
  const held = new Map<string, { owner: Owner; waiting: { owner: Owner; granted: () => void }[] }>()
  return {
    take(name: string, owner: Owner, granted: () => void): void {
      const lock = held.get(name)
      if (lock === undefined) held.set(name, { owner, waiting: [] })
      else if (lock.owner !== owner) return void lock.waiting.push({ owner, granted })
      granted()
    },
    release(owner: Owner): void {
      for (const [name, lock] of held) {
        lock.waiting = lock.waiting.filter((waiting) => waiting.owner !== owner)
        if (lock.owner !== owner) continue
        const next = lock.waiting.shift()
        if (next === undefined) held.delete(name)
        else lock.owner = next.owner
        next?.granted()
      }
    },
    clear: () => held.clear(),
  }
}
