import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { RevocationScope } from '@latchkey/core/key-cache'
import type { LogRow } from '../../src/storage/schema.ts'
import type { ModelStore } from './model-store.ts'

/** What must hold at every step, by the names of the security design. */
export type Invariant =
  | 'I1 revoked is refused'
  | 'I4 each revision once, in order'
  | 'I5 memory only with proof'
  | 'I6 companies apart'
  | 'I8 well again after healing'
  | 'barrier in time'

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
}

export type Judge = {
  readonly violation: Violation | undefined
  report(invariant: Invariant, detail: string): void
  /** Something was committed. */
  committed(store: ModelStore, rows: readonly LogRow[], scopes: readonly RevocationScope[]): void
  /** The operator accepted what is there: what was deleted after the backup is alive again. */
  accepted(store: ModelStore): void
  /** Commits so far. */
  readonly commits: number
  /** A revocation that began after so many commits was answered with success: the very scope that it committed. */
  answered(scope: RevocationScope, begunAfter: number): void
  invoked(keyId: KeyId): Invoked
  saidYes(invoked: Invoked, where: string): void
  /** What a change in the log of an epoch named. */
  logged(epoch: string, revision: number): string | undefined
}

/** `only`: the one invariant to look for; undefined: all. */
export function createJudge(nowMs: () => number, only: string | undefined): Judge {
  const promises = new Map<KeyId, Promised>()
  const log = new Map<string, string>()
  const commitOf = new Map<RevocationScope, number>()
  let commits = 0
  let violation: Violation | undefined

  function report(invariant: Invariant, detail: string): void {
    if (only !== undefined && !invariant.startsWith(only)) return
    violation ??= { invariant, atMs: nowMs(), detail }
  }

  function look(store: ModelStore, isConcerned: (promised: Promised) => boolean, isAnew: boolean): void {
    const { keys, users, companies } = store.contents
    for (const { id, userId, companyId } of keys.values()) {
      if (promises.has(id)) continue
      promises.set(id, { id, userId, companyId, isActive: false, endedBy: 0, enables: 0, isRefused: false })
    }
    for (const promised of promises.values()) {
      const key = keys.get(promised.id)
      if (key === undefined || !isConcerned(promised)) continue
      const isActive =
        key.status === 'enabled' &&
        users.get(key.userId)?.isActive === true &&
        companies.get(key.companyId) === true
      if (isActive && (isAnew || !promised.isActive)) {
        promised.enables += 1
        promised.isRefused = false
      }
      if (promised.isActive && !isActive) promised.endedBy = commits
      promised.isActive = isActive
    }
  }

  return {
    get violation() {
      return violation
    },
    report,
    committed(store, rows, scopes) {
      commits += 1
      for (const scope of scopes) commitOf.set(scope, commits)
      const { epoch } = store.contents
      for (const row of rows) log.set(`${epoch}/${row.revision}`, `${row.scope} ${row.object_id}`)
      // A key that is not named can only have been created.
      look(
        store,
        (key) => key.enables === 0 || rows.some((row) => isOf(key, row.scope, row.object_id)),
        false,
      )
    },
    accepted: (store) => look(store, () => true, true),
    get commits() {
      return commits
    },
    answered(revoked, begunAfter) {
      const commit = commitOf.get(revoked) ?? begunAfter
      for (const key of promises.values()) {
        // What ended it later has not been answered yet.
        const isEnded = !key.isActive && key.endedBy <= commit
        if (isEnded && isOf(key, revoked.scope, revoked.id)) key.isRefused = true
      }
    },
    invoked(keyId) {
      const promised = promises.get(keyId)
      return { promised, isRefused: promised?.isRefused === true, enables: promised?.enables ?? 0 }
    },
    saidYes({ promised, isRefused, enables }, where) {
      if (promised === undefined || !isRefused || promised.enables !== enables) return
      report(
        'I1 revoked is refused',
        `${where} said yes to ${promised.id}, whose revocation had been answered`,
      )
    },
    logged: (epoch, revision) => log.get(`${epoch}/${revision}`),
  }
}

function isOf({ id, userId, companyId }: Promised, scope: string, objectId: string): boolean {
  return (scope === 'key' ? id : scope === 'user' ? userId : companyId) === objectId
}
