export { bootstrap } from './bootstrap.ts'
export { type Config, ConfigError, readConfig } from './config.ts'
export {
  createKeyOnHost,
  isBootstrapped,
  listOperatorUsers,
  setPasswordOnHost,
  verifyAuditChains,
} from './host.ts'
export { createServices, type Services, storeFileOf } from './services.ts'
export { type RunningServer, startServer } from './start.ts'
export { StoreError } from './storage/engine.ts'
export { backupSqlite, restoreSqlite } from './storage/sqlite-backup.ts'
