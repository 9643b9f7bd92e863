import { createHmac } from 'node:crypto'
import type { Change } from '../changes/change.ts'
import { findFirstOwner, hasOwnerPassword } from '../storage/tables/owners.ts'
import { insertInvitation } from '../storage/tables/people.ts'
import type { User } from '../storage/tables/user.ts'
import { giverText } from './giver.ts'

const LINK_MS = 30 * 60 * 1_000
const TOKEN_BYTES = 32

export type ConsoleLink = {
  /** Opens the console once. Only its keyed hash is stored. */
  readonly token: string
  readonly expiresAtMs: number
}

/**
 * Makes the link with which the company's first owner sets its password. undefined: an owner has one, or there is no
 * active owner, and no link would open anything.
 */
export async function makeConsoleLink(change: Change, linkKey: Uint8Array): Promise<ConsoleLink | undefined> {
  const owner = await findOwnerWithoutPassword(change)
  if (owner === undefined) return undefined
  const token = `set_${Buffer.from(change.randomBytes(TOKEN_BYTES)).toString('base64url')}`
  const expiresAtMs = change.nowMs + LINK_MS
  await insertInvitation(change.db, {
    hash: consoleLinkHash(linkKey, token),
    user_id: owner.id,
    expires_at: expiresAtMs,
    giver: giverText(change),
    maker: null,
  })
  await change.record({ action: 'console.link_created', object: { type: 'user', id: owner.id } })
  return { token, expiresAtMs }
}

/** Whom a link is for; undefined: a link would open nothing any more. */
export async function findOwnerWithoutPassword({
  db,
  ledger,
}: Pick<Change, 'db' | 'ledger'>): Promise<User | undefined> {
  return (await hasOwnerPassword(db, ledger.id)) ? undefined : findFirstOwner(db, ledger.id)
}

/** Under a key of its own: an invitation is no link, and a link is no invitation. */
export function consoleLinkHash(key: Uint8Array, token: string): Buffer {
  return createHmac('sha256', key).update(token).digest()
}
