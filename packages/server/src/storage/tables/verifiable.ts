import type { VerifiableKey } from '@latchkey/core/key'
import type { KeyRecord } from '@latchkey/core/key-record'
import { sql } from 'kysely'
import { prepared } from '../prepared.ts'
import type { Db } from './schema.ts'
import { recordOf, type VerifiableRow } from './verifiable-record.ts'
import { verifiableSql } from './verifiable-sql.ts'

const texts = verifiableSql('')

/** By id, in a transaction: what its row is now, whatever memory says. */
export async function findVerifiable(db: Db, id: VerifiableKey['id']): Promise<KeyRecord | undefined> {
  const [row] = await READS[id.slice(0, 3) as keyof typeof READS](db, { id })
  return row === undefined ? undefined : recordOf(row)
}

const READS = {
  key: readBy(texts.byKeyId),
  ses: readBy(texts.bySessionId),
  usr: readBy(texts.byUserId),
}

/** `text` ends where its one parameter belongs. */
function readBy(text: string) {
  return prepared((db, { id }: { id: string }) => ({
    compile: () => sql<VerifiableRow>`${sql.raw(text)}${id}`.compile(db),
  }))
}
