import type { ServerRow } from '../../storage/engine.ts'

/** Stands for verifiers that see every company's keys, and for all of them where there are too many to name. */
export const EVERYBODY = '*'

/**
 * Whether every verifier that has to hear of a revision knows it, as a server says. `companyId`: whose it is;
 * undefined: not known, so that everybody's count. A server of an older release has no verifiers.
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
