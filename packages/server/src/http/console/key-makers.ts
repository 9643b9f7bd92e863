import type { ConsoleKeyMakers } from '@latchkey/contract/schemas/console'
import { isPermitted } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { findMakersOfKeys, type KeyMaker } from '../../storage/tables/key-makers.ts'
import type { Router } from '../router.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { askedKeysOf } from './asked-keys.ts'
import { type ConsoleDeps, consoleRoutesOn, permittedOf } from './console-route.ts'

/** Who made the keys of a page of the list, and whose they are, for whoever may read them. */
export function registerKeyMakers(router: Router, deps: ConsoleDeps): void {
  consoleRoutesOn(router)('GET', '/console/key-makers', async (request) => {
    const principal = await permittedOf(deps, request, 'keys:read')
    const { companyId } = principal
    const keyIds = askedKeysOf(request)
    const makers = await deps.engine.read((db) => findMakersOfKeys(db, companyId, keyIds), {
      party: companyId,
    })
    const keys = Object.fromEntries(makers.map((maker) => [maker.keyId, presentMaker(principal, maker)]))
    const body: ConsoleKeyMakers = { keys }
    return jsonAnswer(200, JSON.stringify(body))
  })
}

/** Names are for those who may list users. Of the operator's people others learn only that it was one of them. */
function presentMaker(principal: Principal, maker: KeyMaker): ConsoleKeyMakers['keys'][string] {
  const { companyId, homeCompanyId, authority } = principal
  const { credentialId, isImported, user, description, owner } = maker
  const isNaming = isPermitted(authority, 'users:list')
  const isForeign = user !== null && user.companyId !== companyId
  const isSeen = user !== null && (!isForeign || user.companyId === homeCompanyId)
  return {
    kind: credentialId === null ? 'host' : KINDS[credentialId.slice(0, 3)]!,
    isImported,
    isOperator: isForeign,
    userId: isSeen ? user.id : null,
    userName: isSeen && isNaming ? user.name : null,
    description: isSeen ? description : null,
    ownerName: isNaming ? owner.name : null,
  }
}

/** By the kind of the id of what vouched for it. */
const KINDS: Readonly<Record<string, 'key' | 'person'>> = { key: 'key', ses: 'person', usr: 'person' }
