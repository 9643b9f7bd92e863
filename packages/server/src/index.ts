export { readCheckpoints } from './audit/checkpoint.ts'
export { createSightings, type Sightings } from './audit/sightings.ts'
export { takeCheckpoint } from './audit/take-checkpoint.ts'
export { type StoreReport, verifyStore } from './audit/verify-store.ts'
export { type Bootstrapped, bootstrap } from './bootstrap.ts'
export { type Config, ConfigError, isRunByNpm, readConfig, type SecretSource } from './config.ts'
export { type ConsoleLink, makeConsoleLinkOnHost } from './console-link-on-host.ts'
export { prepareDataDir } from './data-dir.ts'
export { diagnose } from './diagnose/diagnose.ts'
export type { Finding } from './diagnose/finding.ts'
export {
  acceptBrokenAudit,
  acceptRestored,
  createKeyOnHost,
  deleteKeyOnHost,
  exportAuditEvents,
  getKeyOnHost,
  isBootstrapped,
  listOperatorUsers,
  rotateKeyOnHost,
  sealOlderStore,
  setPasswordOnHost,
} from './host.ts'
export { isConsoleBuilt } from './http/console/files.ts'
export { readFirst } from './import/first-reading.ts'
export type { SourceLine, SourceName } from './import/import-row.ts'
export { judgeLines } from './import/judge-lines.ts'
export type { SourceFile } from './import/source-file.ts'
export type { SourceOptions } from './import/source-options.ts'
export { importOnHost } from './import-on-host.ts'
export type { ImportedLine } from './keys/import-keys.ts'
export { assertStoreMade, isStoreMade, storeFileOf } from './open-store.ts'
export { pruneAuditOnHost } from './prune-audit-on-host.ts'
export { secretFileOf } from './server-secret.ts'
export { createServices, type Services } from './services.ts'
export { assertPortFree, type RunningServer, startServer } from './start.ts'
export { explainWriteError, sentenceOf } from './storage/disk-fault.ts'
export { StoreError } from './storage/engine.ts'
export { backupSqlite, findUnaccepted, type Restored, restoreSqlite } from './storage/sqlite/backup.ts'
export type { ForgottenKind } from './storage/tables/forgotten.ts'
export { answerWorkersMetrics } from './telemetry/worker-metrics.ts'
export { listUsageOnHost, type UsageGroup } from './usage-on-host.ts'
