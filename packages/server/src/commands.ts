// What commands do beside a service or in its absence, and no service does: it is loaded by them alone.

export { readCheckpoints } from './audit/checkpoint.ts'
export { createSightings, type Sightings } from './audit/sightings.ts'
export { takeCheckpoint } from './audit/take-checkpoint.ts'
export { type StoreReport, verifyStore } from './audit/verify-store.ts'
export { diagnose } from './diagnose/diagnose.ts'
export type { Finding } from './diagnose/finding.ts'
export { readFirst } from './import/first-reading.ts'
export type { SourceLine, SourceName } from './import/import-row.ts'
export { judgeLines } from './import/judge-lines.ts'
export { openSourceFile, type SourceFile } from './import/source-file.ts'
export type { SourceOptions } from './import/source-options.ts'
export { importOnHost } from './import-on-host.ts'
export type { ImportedLine } from './keys/import-keys.ts'
export { pruneAuditOnHost } from './prune-audit-on-host.ts'
export {
  backupSqlite,
  type Compared,
  findUnaccepted,
  type Restored,
  restoreSqlite,
} from './storage/sqlite/backup.ts'
export type { ForgottenKind } from './storage/tables/forgotten.ts'
export { listUsageOnHost, type UsageGroup } from './usage-on-host.ts'
