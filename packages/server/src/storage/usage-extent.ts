/** How far use is counted. null: not at all. */
export type UsageExtent = {
  /** When a key was last seen in use. */
  readonly usedMs: number | null
  /** When counts were last written. */
  readonly countedMs: number | null
  /** The first that is kept, in days since the epoch. */
  readonly firstDay: number | null
}

/** Of either store. Reports are forgotten after a while, days are not: then the last day counts as whole. */
export const USAGE_EXTENT = `SELECT
  (SELECT max(last_used_at) FROM key_usage) AS "usedMs",
  COALESCE((SELECT max(at) FROM usage_reports), (SELECT CAST(max(day) AS BIGINT) * 86400000 + 86399999 FROM usage_days)) AS "countedMs",
  (SELECT min(day) FROM usage_days) AS "firstDay"`
