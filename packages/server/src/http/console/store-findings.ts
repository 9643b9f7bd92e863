import type { ConsoleStoreFindings } from '@latchkey/contract/schemas/console'
import { createStoreDoctor } from '../../diagnose/store-doctor.ts'
import type { Services } from '../../services.ts'
import { presentTime } from '../present/present-time.ts'
import type { Router } from '../router.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { type ConsoleDeps, consoleRoutesOn, permittedAgain, permittedOf } from './console-route.ts'

const PERMISSION = 'companies:read'

/** What the doctor finds in the store, for the operator: it is the store of every company. */
export function registerStoreFindings(
  router: Router,
  deps: ConsoleDeps & Pick<Services, 'secretSource'>,
): void {
  const look = createStoreDoctor(deps)
  consoleRoutesOn(router)('GET', '/console/store-findings', async (request) => {
    await permittedOf(deps, request, PERMISSION)
    const { atMs, findings } = await look()
    await permittedAgain(deps, request, PERMISSION)
    const body: ConsoleStoreFindings = { at: presentTime(atMs), findings }
    return jsonAnswer(200, JSON.stringify(body))
  })
}
