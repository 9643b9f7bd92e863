import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migratePostgres } from '../src/storage/migrations/postgres.ts'
import { memoryDisk } from './memory-disk.ts'
import { createCluster, createDatabase } from './postgres-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server whose databases the tests may create; undefined: they run on the embedded store. */
    databaseServer: string | undefined
    /** The database on it whose tables are made: a copy takes a tenth of the time that making them takes. */
    databaseTemplate: string | undefined
  }
}

/** The tests' PostgreSQL: the one that DATABASE_URL names (as a role that may create databases), else one of their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL
  const isGiven = given !== undefined && given !== ''
  const cluster = isGiven ? undefined : await createCluster(['max_connections=200'], memoryDisk())
  const url = cluster?.url ?? given ?? ''
  const template = await createDatabase(url)
  await makeTables(template.url)
  project.provide('databaseServer', url)
  project.provide('databaseTemplate', template.name)
  return async () => {
    await template.drop()
    await cluster?.dispose()
  }
}

async function makeTables(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await migratePostgres(client)
  } finally {
    await client.end()
  }
}
