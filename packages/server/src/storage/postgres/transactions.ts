import type pg from 'pg'
import type { Head } from '../engine.ts'
import type { Db } from '../tables/schema.ts'
import type { PostgresClient } from './client.ts'
import { connectionOver } from './connection.ts'
import { ACCEPT_HEAD, headOf, READ_HEAD } from './head.ts'

const BEGIN_READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'

/** Reads in one snapshot. `assertExpected` throws when the head in it is not ours. */
export async function readIn<T>(
  client: PostgresClient,
  assertExpected: (head: Head) => void,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const { db, begin, askFirst, settled } = connectionOver(client)
  try {
    begin(BEGIN_READ)
    askFirst(READ_HEAD, (answer) => assertExpected(headOf(client, answer)))
    const value = await work(db)
    await settled()
    await client.query('COMMIT')
    return value
  } catch (error) {
    await undo(client, error)
    throw error
  }
}

/** Reads in one snapshot, of a store that is not accepted too. */
export async function inspectIn<T>(client: pg.Client, work: (db: Db) => Promise<T>): Promise<T> {
  const { db, begin } = connectionOver(client)
  begin(BEGIN_READ)
  try {
    const value = await work(db)
    await client.query('COMMIT')
    return value
  } catch (error) {
    await undo(client, error)
    throw error
  }
}

/** Begins a new epoch after this one; does nothing when somebody else has meanwhile. */
export async function acceptIn(
  client: pg.Client,
  epoch: string,
  work: (db: Db) => Promise<void>,
): Promise<void> {
  const { db, begin, settled } = connectionOver(client)
  begin('BEGIN')
  try {
    const { rowCount } = await client.query(ACCEPT_HEAD, [epoch])
    if (rowCount === 0) {
      await client.query('ROLLBACK')
      return
    }
    await client.query('DELETE FROM log')
    await client.query('DELETE FROM servers')
    await work(db)
    await settled()
    await client.query('COMMIT')
  } catch (error) {
    await undo(client, error)
    throw error
  }
}

/** A connection on which that fails is gone, and the transaction with it: what went wrong first is what counts. */
export async function undo(client: pg.Client, cause: unknown): Promise<void> {
  await client.query('ROLLBACK').catch(() => {
    throw cause
  })
}
