import { fingerprintBytes } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId } from '@latchkey/core/ids'
import type { KeyRecord } from '@latchkey/core/key-record'
import type { KeyHandle } from '@latchkey/core/loaded-key'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import {
  type AskedChanges,
  type FollowedChanges,
  type Head,
  type Observation,
  ownerOf,
  type Revoke,
  type Revoked,
  type ServerRow,
  type VerificationReads,
  type Written,
} from '../../src/storage/engine.ts'
import { recordOf } from '../../src/storage/tables/verifiable-record.ts'
import type { ModelKey, Mutation } from './model-contents.ts'
import { previousOf } from './model-secrets.ts'
import type { ModelStore } from './model-store.ts'
import type { Answer, Line, Wire } from './wire.ts'

/** As the real store's: see postgres-followed.ts, postgres-verification.ts and postgres.ts. */
const FOLLOW_MS_MAX = 1_500
const LOOK_UP_MS_MAX = 1_500
const STATEMENT_MS_MAX = 10_500

/** A transaction, as a use case of the simulator sees it. */
export type ModelDb = {
  lockCompany(id: CompanyId): Promise<undefined>
  findKey(id: KeyId): Promise<ModelKey | undefined>
  findVerifiable(id: KeyHandle): Promise<KeyRecord | undefined>
  change(mutate: Mutation): Promise<undefined>
}

export type ModelEngine = {
  readonly verification: VerificationReads
  readonly changes: AskedChanges | FollowedChanges
  write<T>(work: (db: ModelDb, revoke: Revoke) => Promise<T>): Promise<Written<T>>
}

export type ModelOptions = {
  readonly store: ModelStore
  readonly wire: Wire
  readonly expect: () => (head: Head) => boolean
  readonly onWake: FollowedChanges['onWake']
  /** Hears of each question and answer of the poll. */
  readonly onAnnounce: (row: ServerRow) => void
  readonly onObserve: (seen: Observation) => void
  /** Hears of each survey, and when it was answered or failed. */
  readonly onSurvey: () => (isAnswered: boolean) => void
}

/** The store over a network, as the real engine asks it: the same questions, judged by the same head. */
export function createModelEngine(options: ModelOptions): ModelEngine {
  return {
    verification: createReads(options),
    changes: createFollowed(options),
    write: (work) => write(options, work),
  }
}

function createReads({ store, wire, expect }: ModelOptions): VerificationReads {
  return {
    async findKey(handle) {
      const assertExpected = assertingExpected(expect)
      const found = await wire.ask<{ head: Head; row: KeyRecord | undefined }>(
        wire.open(),
        LOOK_UP_MS_MAX,
        (answer) => answer(undefined, { head: store.head, row: findRecord(store, handle) }),
      )
      assertExpected(found.head)
      return found.row
    },
  }
}

function createFollowed({
  store,
  wire,
  onWake,
  onAnnounce,
  onObserve,
  onSurvey,
}: ModelOptions): FollowedChanges {
  let follower: Line | undefined

  async function follow<T>(work: (answer: Answer<T>) => void): Promise<T> {
    follower ??= wire.open()
    const line = follower
    try {
      return await wire.ask(line, FOLLOW_MS_MAX, work)
    } catch (error) {
      if (follower === line) follower = undefined
      throw error
    }
  }
  const once = async (work: () => void) => {
    await wire.ask(wire.open(), LOOK_UP_MS_MAX, (answer) => answer(undefined, work()))
  }

  return {
    kind: 'followed',
    announce(row: ServerRow) {
      onAnnounce(row)
      return follow<undefined>((answer) => store.announce(row, answer))
    },
    async observe(revision) {
      const seen = await follow<Observation>((answer) => answer(undefined, store.observe(revision)))
      onObserve(seen)
      return seen
    },
    async survey() {
      const onAnswer = onSurvey()
      const asked = wire.ask<Observation>(wire.open(), LOOK_UP_MS_MAX, (answer) =>
        answer(undefined, store.survey()),
      )
      asked.then(
        () => onAnswer(true),
        () => onAnswer(false),
      )
      return asked
    },
    reset() {
      const dropped = follower
      follower = undefined
      if (dropped !== undefined) wire.close(dropped)
    },
    forget: (id, beat) => once(() => store.forget(id, beat)),
    withdraw: (id) => once(() => store.forget(id)),
    distrust: (epoch) => once(() => store.distrust(epoch)),
    onWake,
  }
}

async function write<T>(
  { store, wire, expect }: ModelOptions,
  work: Parameters<ModelEngine['write']>[0],
): Promise<Written<T>> {
  const changed: RevocationScope[] = []
  const owners: Revoked[] = []
  const assertExpected = assertingExpected(expect)
  const line = wire.open()
  const session = store.openSession()
  const ask = <A>(statement: (answer: Answer<A>) => void) => wire.ask<A>(line, STATEMENT_MS_MAX, statement)
  try {
    const head = await ask<Head>((answer) => session.begin(answer))
    assertExpected(head)
    const db: ModelDb = {
      lockCompany: (id) => ask((answer) => session.lockCompany(id, answer)),
      findKey: (id) => ask((answer) => session.findKey(id, answer)),
      findVerifiable: (id) => ask((answer) => session.read(() => findRecord(store, id), answer)),
      change: (mutate) => ask((answer) => session.change(mutate, answer)),
    }
    const value = (await work(db, (scope, companyId) => {
      changed.push(scope)
      owners.push({ ...scope, companyId })
    })) as T
    const revision = await ask<number | undefined>((answer) => session.commit(changed, head.epoch, answer))
    const { epoch } = head
    const revocation = revision === undefined ? undefined : { revision, epoch, companyId: ownerOf(owners) }
    return { value, revocation }
  } catch (error) {
    wire.tell(line, () => session.abort())
    throw error
  }
}

function assertingExpected(expect: ModelOptions['expect']): (head: Head) => void {
  const isExpected = expect()
  return (head) => {
    if (!isExpected(head)) throw new Error('the store is not accepted')
  }
}

/** What the look-up's statement joins: the key's row, the secret it had before, and the presented one where it is neither. */
export function findRecord(store: ModelStore, handle: KeyHandle): KeyRecord | undefined {
  const key = store.find(handle)
  const { contents } = store
  if (key === undefined) return undefined
  const previous = previousOf(key)
  const replaced = key.replaced.find(({ tag }) => tag === handle)
  return recordOf({
    id: key.id,
    company_id: key.companyId,
    user_id: key.userId,
    fingerprint: fingerprintBytes(key.tag),
    secret_ordinal: key.ordinal,
    previous_tag: previous === undefined ? null : fingerprintBytes(previous.tag),
    ...(previous === undefined
      ? {}
      : { previous_ordinal: previous.ordinal, previous_ends_at: previous.endsAtMs }),
    replaced_tag: replaced === undefined ? null : fingerprintBytes(replaced.tag),
    ...(replaced === undefined
      ? {}
      : { replaced_ordinal: replaced.ordinal, replaced_ends_at: replaced.endsAtMs }),
    mode: 'live',
    status: key.status === 'enabled' ? 'active' : key.status,
    expires_at: null,
    whitelisted_ips: null,
    permissions: null,
    ceiling: null,
    metadata: '{}',
    rate_limits: null,
    quota: null,
    role: 'viewer',
    user_status: contents.users.get(key.userId)?.isActive === true ? 'active' : 'inactive',
    user_permissions: null,
    company_status: contents.companies.get(key.companyId) === true ? 'active' : 'inactive',
    is_operator: 0,
  })
}
