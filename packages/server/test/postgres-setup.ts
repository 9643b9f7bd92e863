import type { TestProject } from 'vitest/node'
import { memoryDisk } from './memory-disk.ts'
import { createCluster } from './postgres-cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server whose databases the tests may create; undefined: they run on the embedded store. */
    databaseServer: string | undefined
  }
}

/** The tests' PostgreSQL: the one that DATABASE_URL names (as a role that may create databases), else one of their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL
  if (given !== undefined && given !== '') {
    project.provide('databaseServer', given)
    return async () => {}
  }
  const cluster = await createCluster(['max_connections=200'], memoryDisk())
  project.provide('databaseServer', cluster.url)
  return cluster.dispose
}
