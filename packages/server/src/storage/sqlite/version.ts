/** The first release with the WAL-reset fix: before it a checkpoint could damage the file. */
export const SQLITE_VERSION_MIN = '3.51.3'

/** Whether this SQLite is recent enough for durable writes. */
export function isRecentSqlite(version: string): boolean {
  return version.localeCompare(SQLITE_VERSION_MIN, 'en', { numeric: true }) >= 0
}
