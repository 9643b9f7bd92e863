import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { LogRow } from '../../src/storage/tables/schema.ts'
import { type Contents, isUsable } from './model-contents.ts'
import { lifeOf } from './model-secrets.ts'
import { type InvokedSecret, SecretPromises } from './secret-promises.ts'

/** What must hold at every step, by the names of the security design. */
export type Invariant =
  | 'I1 revoked is refused'
  | 'I2 acknowledged is stored'
  | 'I4 each revision once, in order'
  | 'I5 memory only with proof'
  | 'I6 companies apart'
  | 'I7 revoked does nothing'
  | 'I8 well again after healing'
  | 'secrets end'
  | 'barrier in time'
  | 'nobody waits'

export type Violation = { readonly invariant: Invariant; readonly atMs: number; readonly detail: string }

/** What is promised about one key. */
type Promised = {
  readonly id: KeyId
  readonly userId: UserId
  readonly companyId: CompanyId
  isActive: boolean
  /** The commit that ended its use, counted over all. */
  endedBy: number
  /** How often it became usable; a verification that saw one more may say yes. */
  enables: number
  /** A revocation was answered, and nothing that ends it is committed. */
  isRefused: boolean
}

/** A verification that began, and what was promised then. */
export type Invoked = {
  readonly promised: Promised | undefined
  readonly isRefused: boolean
  readonly enables: number
  readonly secret: InvokedSecret | undefined
}

/** A change that a key asked for, presented by the secret of that tag, and its moment by the clock of its server. */
type Act = { readonly keyId: KeyId; readonly tag: Fingerprint; readonly nowMs: number }

/** A lease by the slowest clock: the store that a barrier last read may have been replaced so long ago. */
const UNNOTICED_MS_MAX = 2_200

/** Knows what was promised, and says when it is broken. The first time is what counts. */
export class Judge {
  readonly #nowMs: () => number
  readonly #only: string | undefined
  readonly #promises = new Map<KeyId, Promised>()
  readonly #secrets = new SecretPromises()
  readonly #log = new Map<string, string>()
  readonly #commitOf = new Map<RevocationScope, number>()
  #commits = 0
  #revocations = 0
  /** The commits that a restore took away, and when it did. */
  #lost = { after: 0, until: 0, atMs: 0 }
  #violation: Violation | undefined

  /** `only`: the one invariant to look for; undefined: all. */
  constructor(nowMs: () => number, only: string | undefined) {
    this.#nowMs = nowMs
    this.#only = only
  }

  get violation(): Violation | undefined {
    return this.#violation
  }

  /** Commits so far. */
  get commits(): number {
    return this.#commits
  }

  /** Those that were answered with success. */
  get revocations(): number {
    return this.#revocations
  }

  report(invariant: Invariant, detail: string): void {
    if (this.#only !== undefined && !invariant.startsWith(this.#only)) return
    this.#violation ??= { invariant, atMs: this.#nowMs(), detail }
  }

  /** Something was committed: `scopes` are the very objects that the transactions named. */
  committed(contents: Contents, rows: readonly LogRow[], scopes: readonly RevocationScope[]): void {
    this.#commits += 1
    for (const scope of scopes) this.#commitOf.set(scope, this.#commits)
    for (const { revision, scope, object_id } of rows) {
      this.#log.set(`${contents.epoch}/${revision}`, `${scope} ${object_id}`)
    }
    // A key that is not named can only have been created.
    const isConcerned = (key: Promised) =>
      key.enables === 0 || rows.some((row) => isOf(key, row.scope, row.object_id))
    this.#look(contents, isConcerned, false)
    const rotated = new Set(rows.map(({ object_id }) => object_id))
    this.#secrets.look(contents, this.#commits, (id) => rotated.has(id))
  }

  /** A backup made after so many commits took the place of the store. */
  replaced(commits: number): void {
    this.#lost = { after: commits, until: this.#commits, atMs: this.#nowMs() }
  }

  /** The operator accepted what is there: what was deleted after the backup is alive again. */
  accepted(contents: Contents): void {
    this.#look(contents, () => true, true)
    this.#secrets.lookAnew(contents, this.#commits)
  }

  /** A revocation that began after so many commits was answered with success. */
  answered(revoked: RevocationScope, begunAfter: number): void {
    this.#revocations += 1
    const commit = this.#commitOf.get(revoked) ?? begunAfter
    const { after, until, atMs } = this.#lost
    const isLost = commit > after && commit <= until
    if (isLost && this.#nowMs() - atMs > UNNOTICED_MS_MAX)
      this.report(
        'I2 acknowledged is stored',
        `the revocation of ${revoked.id} was answered long after it was lost`,
      )
    if (revoked.scope === 'key') this.#secrets.answered(revoked.id, commit)
    for (const key of this.#promises.values()) {
      // What ended it later has not been answered yet.
      const isEnded = !key.isActive && key.endedBy <= commit
      if (isEnded && isOf(key, revoked.scope, revoked.id)) key.isRefused = true
    }
  }

  /** A key is presented by the secret of that tag. */
  invoked(keyId: KeyId, tag: Fingerprint): Invoked {
    const promised = this.#promises.get(keyId)
    return {
      promised,
      isRefused: promised?.isRefused === true,
      enables: promised?.enables ?? 0,
      secret: this.#secrets.invoked(tag),
    }
  }

  /** `nowMs`: by the clock of the server that said so, when it was asked. */
  saidYes({ promised, isRefused, enables, secret }: Invoked, where: string, nowMs: number): void {
    const broken = secret === undefined ? undefined : this.#secrets.brokenBy(secret, nowMs)
    if (broken !== undefined) this.report('secrets end', `${where} said yes to ${broken}`)
    if (promised === undefined || !isRefused || promised.enables !== enables) return
    this.report(
      'I1 revoked is refused',
      `${where} said yes to ${promised.id}, whose revocation had been answered`,
    )
  }

  /** A change that a key asked for is being committed. Its revocation may not have been committed before. */
  acted(contents: Contents, { keyId, tag, nowMs }: Act): void {
    const key = contents.keys.get(keyId)
    if (isUsable(contents, keyId) && key !== undefined && lifeOf(key, tag) > nowMs) return
    this.report('I7 revoked does nothing', `${keyId} changed something after its revocation was committed`)
  }

  /** What a change in the log of an epoch named. */
  logged(epoch: string, revision: number): string | undefined {
    return this.#log.get(`${epoch}/${revision}`)
  }

  #look(contents: Contents, isConcerned: (promised: Promised) => boolean, isAnew: boolean): void {
    for (const { id, userId, companyId } of contents.keys.values()) {
      if (this.#promises.has(id)) continue
      const fresh = { isActive: false, endedBy: 0, enables: 0, isRefused: false }
      this.#promises.set(id, { id, userId, companyId, ...fresh })
    }
    for (const promised of this.#promises.values()) {
      if (!contents.keys.has(promised.id) || !isConcerned(promised)) continue
      const isActive = isUsable(contents, promised.id)
      if (isActive && (isAnew || !promised.isActive)) {
        promised.enables += 1
        promised.isRefused = false
      }
      if (promised.isActive && !isActive) promised.endedBy = this.#commits
      promised.isActive = isActive
    }
  }
}

function isOf({ id, userId, companyId }: Promised, scope: string, objectId: string): boolean {
  return (scope === 'key' ? id : scope === 'user' ? userId : companyId) === objectId
}
