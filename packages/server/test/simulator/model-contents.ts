import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { ServerRow } from '../../src/storage/engine.ts'
import type { LogRow } from '../../src/storage/tables/schema.ts'
import type { ModelSecrets } from './model-secrets.ts'

export type ModelKey = ModelSecrets & {
  readonly id: KeyId
  readonly companyId: CompanyId
  readonly userId: UserId
  readonly status: 'enabled' | 'disabled' | 'deleted'
}
type ModelUser = { readonly companyId: CompanyId; readonly isActive: boolean }

/** What is committed. */
export type Contents = {
  readonly keys: Map<KeyId, ModelKey>
  readonly users: Map<UserId, ModelUser>
  readonly companies: Map<CompanyId, boolean>
  revision: number
  epoch: string
  /** The timeline the head was written in. */
  timeline: number
  log: LogRow[]
  readonly servers: Map<string, ServerRow>
}

/** A change that waits for its commit. */
export type Mutation = (contents: Contents) => void

export const emptyContents = (): Contents => ({
  keys: new Map(),
  users: new Map(),
  companies: new Map(),
  revision: 1,
  epoch: 'epoch-1',
  timeline: 1,
  log: [],
  servers: new Map(),
})

export const copyOf = (contents: Contents): Contents => ({
  ...contents,
  keys: new Map(contents.keys),
  users: new Map(contents.users),
  companies: new Map(contents.companies),
  log: [...contents.log],
  servers: new Map(contents.servers),
})

/** Whether a key that is stored is to be accepted, as far as the simulator's keys go. */
export function isUsable({ keys, users, companies }: Contents, id: KeyId): boolean {
  const key = keys.get(id)
  return (
    key?.status === 'enabled' &&
    users.get(key.userId)?.isActive === true &&
    companies.get(key.companyId) === true
  )
}

/** Whose key, user or company that is; null: not known. */
export function companyOfScope({ keys, users }: Contents, scope: string, id: string): CompanyId | null {
  if (scope === 'company') return id as CompanyId
  const found = scope === 'key' ? keys.get(id as KeyId) : users.get(id as UserId)
  return found?.companyId ?? null
}
