import { expect } from 'vitest'
import type { TestService } from '../harness.ts'

/** Runs statements as someone with access to the database, but not to the server secret, could; each must change something. */
export async function tamperWith(server: TestService, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) expect([sql, (await server.tamper(sql)) > 0]).toEqual([sql, true])
}

/** Bytes, as the store's SQL writes them. */
export function literal(server: TestService, bytes: Uint8Array | null): string {
  if (bytes === null) return 'NULL'
  const hex = Buffer.from(bytes).toString('hex')
  return server.services.engine.store === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'::bytea`
}

/** Everything there is of a company. */
export async function deleteCompany(server: TestService, id: string): Promise<void> {
  for (const table of ['keys', 'users', 'audit_events'])
    await tamperWith(server, `DELETE FROM ${table} WHERE company_id = '${id}'`)
  await tamperWith(server, `DELETE FROM companies WHERE id = '${id}'`)
}

/** Remembers what a company's row says of its chain; the answer puts it back, and takes away what came since. */
export async function rememberChain(server: TestService, id: string): Promise<() => Promise<void>> {
  const row = await server.services.engine.read((db) =>
    db
      .selectFrom('companies')
      .selectAll()
      .where('id', '=', id as never)
      .executeTakeFirstOrThrow(),
  )
  return () =>
    tamperWith(
      server,
      `DELETE FROM audit_events WHERE company_id = '${id}' AND sequence > ${row.audit_count}`,
      `UPDATE companies SET audit_count = ${row.audit_count}, audit_head = ${literal(server, row.audit_head)},
         audit_seal = ${literal(server, row.audit_seal)} WHERE id = '${id}'`,
    )
}

/** The same for the list of companies; what was added to it since is deleted. */
export async function rememberList(server: TestService): Promise<() => Promise<void>> {
  const row = await server.services.engine.read((db) =>
    db.selectFrom('deployment').selectAll().executeTakeFirstOrThrow(),
  )
  return () =>
    tamperWith(
      server,
      `UPDATE deployment SET companies_count = ${row.companies_count},
         companies_head = ${literal(server, row.companies_head)}, companies_seal = ${literal(server, row.companies_seal)}`,
    )
}
