import type { ApiKeyCreate } from '@latchkey/contract/schemas/keys'
import type { CompanyId, UserId } from '@latchkey/core/ids'
import { hostPrincipal } from '@latchkey/core/principal'
import type { Secret } from '@latchkey/core/secret'
import { changeIn } from './changes/change.ts'
import { createCompany } from './companies/create-company.ts'
import { createKey } from './keys/create-key.ts'
import { readKeyInput } from './keys/key-input.ts'
import type { Services } from './services.ts'
import { findOperatorCompany } from './storage/tables/companies.ts'
import { findDeploymentLocked } from './storage/tables/deployment.ts'
import { createUser } from './users/create-user.ts'

export type Bootstrapped = {
  readonly companyId: CompanyId
  readonly userId: UserId
  readonly keyId: string
  readonly secret: Secret
}

type BootstrapServices = Pick<Services, 'begin' | 'config' | 'fingerprint'>

/** Hands the new key over, in the transaction that makes it. If it throws, nothing is made. */
type Deliver = (made: Bootstrapped) => Promise<void>

/**
 * Makes the operator's company, its owner and the admin key, in one transaction. Returns undefined, and changes
 * nothing, when the store has an operator already: of two at the same time, one makes it. The key is delivered last,
 * before the commit. If the process is killed in between, somebody has a key that does not work; no key that works is
 * lost.
 */
export async function bootstrap(
  services: BootstrapServices,
  deliver: Deliver,
): Promise<Bootstrapped | undefined> {
  const { begin, config, fingerprint } = services
  return begin(async (tx) => {
    // Held first: who comes second sees what the first has made.
    await findDeploymentLocked(tx.db)
    if ((await findOperatorCompany(tx.db)) !== undefined) return undefined
    const company = await createCompany(tx, { name: 'Operator', isOperator: true })
    return changeIn(tx, hostPrincipal(company.id), company.id, async (change) => {
      const user = await createUser(change, { name: 'Owner', role: 'owner' })
      const keyDeps = { keyPrefix: config.keyPrefix, fingerprint }
      const input = readKeyInput<ApiKeyCreate>({
        userId: user.id,
        description: 'Admin key of the first start',
      })
      const created = await createKey(change, keyDeps, input)
      const { view, secret } = created
      const made = { companyId: company.id, userId: user.id, keyId: view.id, secret }
      await deliver(made)
      return made
    })
  })
}
