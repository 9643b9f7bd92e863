import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Head } from '../../src/storage/engine.ts'
import type { Agenda } from './agenda.ts'
import type { ModelKey, Mutation } from './model-contents.ts'
import type { RowLocks } from './row-locks.ts'
import type { Answer } from './wire.ts'

/** The store under a transaction. */
export type Ground = {
  readonly agenda: Agenda
  readonly locks: RowLocks<Session>
  /** Those that are not over. */
  readonly sessions: Set<Session>
  readonly head: () => Head
  readonly find: (id: KeyId) => ModelKey | undefined
  readonly fsyncMs: () => number
  /** Whether what is on its way to the disk gets there although the store goes down. */
  readonly isKept: () => boolean
  /** Makes a transaction durable: all of it, at one moment. Answers the last revision. */
  readonly apply: (
    mutations: readonly Mutation[],
    scopes: readonly RevocationScope[],
    isNoticed: boolean,
  ) => number
}

/** Who waits for a row for longer is told so, and its transaction is over: `lock_timeout`. */
const LOCK_MS_MAX = 5_000
/** A transaction that stands idle for longer is ended. */
const IDLE_MS_MAX = 400

/** One connection's transaction. READ COMMITTED: each statement sees what was committed when it ran. */
export class Session {
  readonly #ground: Ground
  #state: 'open' | 'committing' | 'over' = 'open'
  /** A statement is running, or waits for a lock. */
  #isBusy = false
  #statements = 0
  readonly #mutations: Mutation[] = []
  readonly #isForsaken: () => boolean
  #onLost = () => {}

  /** `isForsaken`: whether it is ended when it stands idle for long. */
  constructor(ground: Ground, isForsaken: () => boolean) {
    this.#ground = ground
    this.#isForsaken = isForsaken
    ground.sessions.add(this)
  }

  begin(answer: Answer<Head>): void {
    this.#during(answer, (done) => done(this.#ground.head()))
  }

  /** The same when no other is open: a file has one writer at a time. */
  beginAlone(answer: Answer<Head>): void {
    this.#during(answer, (done) =>
      this.#ground.locks.take('file', this, () => {
        // A process that is gone waits for nothing.
        if (this.#isForsaken()) this.#end()
        else done(this.#ground.head())
      }),
    )
  }

  /** Waits for the company's row. */
  lockCompany(id: CompanyId, answer: Answer<undefined>): void {
    this.#during(answer, (done) => this.#take(id, answer, () => done(undefined)))
  }

  findKey(id: KeyId, answer: Answer<ModelKey | undefined>): void {
    this.read(() => this.#ground.find(id), answer)
  }

  /** What is committed when the statement runs. */
  read<T>(look: () => T, answer: Answer<T>): void {
    this.#during(answer, (done) => done(look()))
  }

  change(mutate: Mutation, answer: Answer<undefined>): void {
    this.#during(answer, (done) => {
      this.#mutations.push(mutate)
      done(undefined)
    })
  }

  /** Takes the head's row, moves it, notes what changed, and commits: all in one message. */
  commit(scopes: readonly RevocationScope[], epoch: string, answer: Answer<number | undefined>): void {
    this.#during<number | undefined>(answer, () => {
      if (scopes.length === 0) {
        this.#store(scopes, answer)
        return
      }
      this.#take('head', answer, () => {
        if (this.#ground.head().epoch === epoch) {
          this.#store(scopes, answer)
          return
        }
        this.#end()
        answer(new Error('another epoch'))
      })
    })
  }

  /** The connection is gone. */
  abort(): void {
    if (this.#state === 'open') this.#end()
  }

  /** The store goes down under it. */
  lose(): void {
    this.#onLost()
    this.#state = 'over'
  }

  #end(): void {
    this.#state = 'over'
    this.#ground.sessions.delete(this)
    this.#ground.locks.release(this)
  }

  #take(name: string, answer: Answer<never>, granted: () => void): void {
    const { agenda, locks } = this.#ground
    const cancel = agenda.quietly(LOCK_MS_MAX, () => {
      if (this.#state !== 'open') return
      this.#end()
      answer(new Error('lock timeout'))
    })
    locks.take(name, this, () => {
      cancel()
      granted()
    })
  }

  /** Runs one statement of an open transaction. */
  #during<T>(answer: Answer<T>, run: (done: (value: T) => void) => void): void {
    if (this.#state !== 'open') {
      answer(new Error('the transaction was ended'))
      return
    }
    this.#isBusy = true
    this.#statements += 1
    this.#onLost = () => answer(new Error('connection terminated'))
    run((value) => {
      this.#watch()
      answer(undefined, value)
    })
  }

  #watch(): void {
    this.#isBusy = false
    const statements = this.#statements
    this.#ground.agenda.quietly(IDLE_MS_MAX, () => {
      if (this.#state !== 'open' || this.#isBusy || this.#statements !== statements) return
      if (this.#isForsaken()) this.#end()
      else this.#watch()
    })
  }

  #store(scopes: readonly RevocationScope[], answer: Answer<number | undefined>): void {
    const { agenda, apply, fsyncMs, isKept } = this.#ground
    this.#state = 'committing'
    const cancel = agenda.quietly(fsyncMs(), () => {
      const revision = apply(this.#mutations, scopes, true)
      this.#end()
      answer(undefined, scopes.length === 0 ? undefined : revision)
    })
    this.#onLost = () => {
      cancel()
      if (isKept()) apply(this.#mutations, scopes, false)
      answer(new Error('connection terminated'))
    }
  }
}
