/** Verifiers of one server: each has a connection that is held, and some 500 bytes. */
const ALL_MAX = 10_000
/** Of one company, so that there is room for others. */
const OF_COMPANY_MAX = 1_000
/** Of one credential: a program that starts a verifier with each request soon reaches it, and is told. */
const OF_CREDENTIAL_MAX = 100

type Counted = { readonly companyId: string; readonly credentialId: string }

/** How many verifiers there are, and whether there is room for another. */
export function createVerifierCounts() {
  const counts = new Map<string, number>()
  let all = 0

  function move(name: string, by: 1 | -1): void {
    const count = (counts.get(name) ?? 0) + by
    if (count === 0) counts.delete(name)
    else counts.set(name, count)
  }

  function moveAll({ companyId, credentialId }: Counted, by: 1 | -1): void {
    all += by
    move(companyId, by)
    move(credentialId, by)
  }

  return {
    hasRoom: ({ companyId, credentialId }: Counted): boolean =>
      all < ALL_MAX &&
      (counts.get(companyId) ?? 0) < OF_COMPANY_MAX &&
      (counts.get(credentialId) ?? 0) < OF_CREDENTIAL_MAX,
    add: (counted: Counted) => moveAll(counted, 1),
    remove: (counted: Counted) => moveAll(counted, -1),
  }
}
