import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import type { Contents, ModelKey } from './model-contents.ts'
import { lifeOf, tagsOf } from './model-secrets.ts'

/** Until when a secret was to live, from one commit on. */
type Life = { readonly since: number; readonly endsAtMs: number }

/** What is promised about one secret. */
type Promised = {
  readonly keyId: KeyId
  lives: Life[]
  /** How often its life was made longer; a verification that saw one more may say yes. */
  enables: number
  /** From when on by the clock of a server it has to be refused there; always, once it is over. */
  refusedFromMs: number
}

export type InvokedSecret = {
  readonly promised: Promised
  readonly refusedFromMs: number
  readonly enables: number
}

/** Knows until when each secret may be accepted, as far as somebody was answered so. */
export class SecretPromises {
  readonly #promises = new Map<Fingerprint, Promised>()

  /** Something was committed: `isConcerned` says of a key that is known whether its secrets may have changed. */
  look(contents: Contents, commit: number, isConcerned: (id: KeyId) => boolean): void {
    for (const key of contents.keys.values()) {
      if (this.#promises.has(key.tag) && !isConcerned(key.id)) continue
      for (const tag of tagsOf(key)) this.#note(key, tag, commit)
    }
  }

  /** The operator accepted what is there: all that was promised is over. */
  lookAnew(contents: Contents, commit: number): void {
    for (const promised of this.#promises.values()) {
      promised.enables += 1
      promised.lives = []
      promised.refusedFromMs = Number.POSITIVE_INFINITY
    }
    this.look(contents, commit, () => true)
  }

  /** A change of the key, committed as that one, was answered: what it shortened is promised from now on. */
  answered(keyId: KeyId, commit: number): void {
    for (const promised of this.#promises.values()) {
      if (promised.keyId !== keyId) continue
      const then = promised.lives.findLastIndex(({ since }) => since <= commit)
      if (then === -1) continue
      // What was made longer since may be seen already, and what was made shorter not yet.
      const longest = Math.max(...promised.lives.slice(then).map(({ endsAtMs }) => endsAtMs))
      promised.refusedFromMs = Math.min(promised.refusedFromMs, longest)
    }
  }

  invoked(tag: Fingerprint): InvokedSecret | undefined {
    const promised = this.#promises.get(tag)
    if (promised === undefined) return undefined
    const { refusedFromMs, enables } = promised
    return { promised, refusedFromMs, enables }
  }

  /** A server whose clock said `nowMs` accepted it. Answers what that broke. */
  brokenBy({ promised, refusedFromMs, enables }: InvokedSecret, nowMs: number): string | undefined {
    if (promised.enables !== enables || nowMs < refusedFromMs) return undefined
    const what = `a secret of ${promised.keyId}`
    return refusedFromMs === Number.NEGATIVE_INFINITY
      ? `${what}, which had been answered to be over`
      : `${what}, ${Math.round(nowMs - refusedFromMs)} ms after the end that had been answered`
  }

  #note(key: ModelKey, tag: Fingerprint, commit: number): void {
    const fresh = { keyId: key.id, lives: [], enables: 0, refusedFromMs: Number.POSITIVE_INFINITY }
    const promised: Promised = this.#promises.get(tag) ?? fresh
    this.#promises.set(tag, promised)
    const endsAtMs = lifeOf(key, tag)
    const before = promised.lives.at(-1)?.endsAtMs
    if (before === endsAtMs) return
    promised.lives.push({ since: commit, endsAtMs })
    if (before === undefined || endsAtMs < before) return
    promised.enables += 1
    promised.refusedFromMs = Math.max(promised.refusedFromMs, endsAtMs)
  }
}
