import { AppError } from '@latchkey/core/error'
import { hostPrincipal } from '@latchkey/core/principal'
import { changeIn } from '../changes/change.ts'
import { HOST } from '../changes/requester.ts'
import { sealOlderList } from '../companies/seal-companies.ts'
import { isListSealed, secretCheckOf } from '../deployment.ts'
import type { Services } from '../services.ts'
import { findOperatorCompany } from '../storage/tables/companies.ts'
import { findDeployment } from '../storage/tables/deployment.ts'
import { findNewestBegin } from '../storage/tables/newest-begin.ts'

/** Whether the store has its operator company, and with it had its first admin key. */
export async function isBootstrapped({ engine }: Pick<Services, 'engine'>): Promise<boolean> {
  return (await engine.inspect(findOperatorCompany)) !== undefined
}

/**
 * Seals the list of companies of a store that an older release made. One that waits for the operator to accept it is
 * sealed then.
 */
export async function sealOlderStore({
  engine,
  begin,
  derivedKeys,
}: Pick<Services, 'engine' | 'begin' | 'derivedKeys'>): Promise<void> {
  const deployment = await engine.inspect(findDeployment)
  if (deployment === undefined || isListSealed(derivedKeys.check, deployment.secret_check)) return
  try {
    await begin((tx) => sealOlderList(tx, secretCheckOf(derivedKeys.check)))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'unavailable') throw error
  }
}

/** Says in the log that the keys there are were made under another prefix: nobody else tells why all of them fail. */
export async function noteKeyPrefix({
  engine,
  config,
  events,
}: Pick<Services, 'engine' | 'config' | 'events'>): Promise<void> {
  // A store that cannot be read is told of by whatever needs it; this is no reason not to start.
  const begin = await engine.inspect(findNewestBegin).catch(() => undefined)
  if (begin === undefined || begin.startsWith(`${config.keyPrefix}_`)) return
  events.keyPrefixChanged({ made: begin, set: `${config.keyPrefix}_` })
}

/**
 * Makes a store that was restored or replaced the one in use. Every service on it forgets what it remembers and
 * becomes ready. Answers when that is durable, which with several servers takes some seconds.
 */
export async function acceptRestored({
  engine,
  chain,
  clock,
  randomBytes,
  derivedKeys,
}: Pick<Services, 'engine' | 'chain' | 'clock' | 'randomBytes' | 'derivedKeys'>): Promise<void> {
  await engine.accept(async (db) => {
    const company = await findOperatorCompany(db)
    const deployment = await findDeployment(db)
    if (company === undefined || deployment === undefined) return
    const tx = { db, nowMs: clock.nowMs(), actor: HOST, randomBytes, chain, revoke: () => {} }
    if (!isListSealed(derivedKeys.check, deployment.secret_check)) {
      await sealOlderList(tx, secretCheckOf(derivedKeys.check))
    }
    await changeIn(tx, hostPrincipal(company.id), company.id, (change) =>
      change.record({
        action: 'store.accepted',
        object: { type: 'company', id: company.id },
        isUrgent: true,
      }),
    )
  })
}
