import type { KeyId } from '@latchkey/core/ids'
import type { Count } from '@latchkey/core/limit'
import { type Account, NEW_ACCOUNT } from '@latchkey/core/limit-account'
import { sql } from 'kysely'
import { prepared } from '../prepared.ts'
import type { Db } from './schema.ts'

/** What was used of the limits of a key, held until the transaction ends. */
export async function findAccountLocked(db: Db, keyId: KeyId): Promise<Account> {
  const [known] = await accountLocked(db, { keyId })
  if (known !== undefined) return accountOf(known.account)
  // Where there is no row there is nothing to hold, and another server may be about to make it.
  await insertAccount(db, { keyId, account: textOf(NEW_ACCOUNT) })
  const [made] = await accountLocked(db, { keyId })
  return accountOf(made!.account)
}

/** Counts as pairs: a limit may have any name, and an object has names of its own. */
const textOf = ({ counts, ...times }: Account): string => JSON.stringify({ ...times, counts: [...counts] })

function accountOf(text: string): Account {
  const { counts, ...times } = JSON.parse(text) as Omit<Account, 'counts'> & { counts: [string, Count][] }
  return { ...times, counts: new Map(counts) }
}

const accountLocked = prepared((db, { keyId }: { keyId: KeyId }) =>
  db.selectFrom('key_limits').select('account').where('key_id', '=', keyId).forUpdate(),
)

const insertAccount = prepared((db, row: { keyId: KeyId; account: string }) =>
  db
    .insertInto('key_limits')
    .values({ key_id: row.keyId, account: row.account })
    .onConflict((conflict) => conflict.doNothing()),
)

export async function saveAccount(db: Db, keyId: KeyId, account: Account): Promise<void> {
  await updateAccount(db, { keyId, account: textOf(account) })
}

const updateAccount = prepared((db, { keyId, account }: { keyId: KeyId; account: string }) =>
  db.updateTable('key_limits').set({ account }).where('key_id', '=', keyId),
)

/** By the clock of the database server: the one that all servers of a fleet have in common. */
export async function findServerTimeMs(db: Db): Promise<number> {
  const { rows } = await sql<{
    at: number
  }>`SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS at`.execute(db)
  return Number(rows[0]!.at)
}
