import type { CompanyId, UserId } from '@latchkey/core/ids'
import { compileAuthority } from '@latchkey/core/permission'
import type { Actor, Principal } from '@latchkey/core/principal'
import type { Secret } from '@latchkey/core/secret'
import { createCompany } from './companies/create-company.ts'
import { type CreatedKey, createKey, type NewKey } from './keys/create-key.ts'
import { readKeyInput } from './keys/key-input.ts'
import type { Services } from './services.ts'
import { findOperatorCompany } from './storage/companies.ts'
import { createUser } from './users/create-user.ts'

export type Bootstrapped = {
  readonly companyId: CompanyId
  readonly userId: UserId
  readonly keyId: string
  readonly secret: Secret
}

/** Whoever runs a command on the server itself. */
export const HOST: Actor = Object.freeze({
  type: 'host',
  id: null,
  userId: null,
  address: null,
  requestId: null,
})

export function hostPrincipal(companyId: CompanyId): Principal {
  return {
    type: 'host',
    id: null,
    isDerived: false,
    expiresAtMs: null,
    userId: null,
    homeCompanyId: null,
    companyId,
    mode: null,
    role: 'owner',
    isOperator: true,
    authority: compileAuthority({ role: 'owner', isOperator: true, userPermissions: null, narrowings: [] }),
  }
}

type BootstrapServices = Pick<Services, 'write' | 'chain' | 'config' | 'fingerprint'>

/**
 * Makes the operator's company, its owner and the admin key, in one transaction. Answers undefined, and
 * changes nothing, when the store has an operator already: of two at once, one makes it.
 */
export async function bootstrap(services: BootstrapServices): Promise<Bootstrapped | undefined> {
  const { write, chain, config, fingerprint } = services
  return write(HOST, async (tx) => {
    if ((await findOperatorCompany(tx.db)) !== undefined) return undefined
    const company = await createCompany(tx, chain, { name: 'Operator', isOperator: true })
    const principal = hostPrincipal(company.id)
    const user = await createUser(tx, chain, principal, { name: 'Owner', role: 'owner' })
    const created: CreatedKey = await createKey(
      tx,
      { chain, keyPrefix: config.keyPrefix, fingerprint },
      principal,
      readKeyInput<NewKey>({ userId: user.id, description: 'Admin key of the first start' }),
    )
    return { companyId: company.id, userId: user.id, keyId: created.view.id, secret: created.secret }
  })
}
