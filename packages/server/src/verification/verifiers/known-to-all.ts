import type { ServerRow } from '../../storage/engine.ts'

/** Names the verifiers that see every company's keys; and all verifiers, where there are too many to name. */
export const EVERYBODY = '*'

/**
 * Whether a server's row says that every verifier which has to know a revision does. `companyId`: the company whose
 * keys it concerns; undefined: not known, so all verifiers count. A server of an older release has no verifiers.
 */
export function isKnownToAll(
  { unknown }: Pick<ServerRow, 'unknown'>,
  revision: number,
  companyId: string | undefined,
): boolean {
  const said = unknown ?? {}
  const names = companyId === undefined ? Object.keys(said) : [EVERYBODY, companyId]
  return names.every((name) => (said[name] ?? revision + 1) > revision)
}
