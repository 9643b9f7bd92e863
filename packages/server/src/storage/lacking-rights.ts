/** What the role of the service may not do with one of our tables, and the service has to. */
export type LackingRights = { readonly table: string; readonly rights: readonly string[] }

/** More tables say no more. */
const TABLES_NAMED_MAX = 5

export function nameRights(lacking: readonly LackingRights[]): string {
  const named = lacking
    .slice(0, TABLES_NAMED_MAX)
    .map(({ table, rights }) => `${rights.join(', ')} on ${table}`)
    .join('; ')
  const others = lacking.length - TABLES_NAMED_MAX
  return others > 0 ? `${named}; and on ${others} more ${others === 1 ? 'table' : 'tables'}` : named
}
