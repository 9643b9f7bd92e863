import type { ApiKeyCreate } from '@latchkey/contract/schemas/keys'
import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { hostPrincipal } from '@latchkey/core/principal'
import { isRepeatable } from '@latchkey/core/repeatable'
import type { StoreReport } from './audit/verify-store.ts'
import { findWeakness } from './auth/weak-password.ts'
import { changeIn } from './changes/change.ts'
import { HOST, requesterOnHost } from './changes/requester.ts'
import { acceptBreaks, acceptCompanyList } from './companies/accept-breaks.ts'
import { sealOlderList } from './companies/seal-companies.ts'
import { isListSealed, secretCheckOf } from './deployment.ts'
import { presentAuditEvent } from './http/present/present-audit-event.ts'
import { type CreatedKey, createKey } from './keys/create-key.ts'
import { deleteKey } from './keys/delete-key.ts'
import { readKeyInput } from './keys/key-input.ts'
import { rotateKey } from './keys/rotate-key.ts'
import type { Services } from './services.ts'
import type { Engine } from './storage/engine.ts'
import { listEventsAfter } from './storage/tables/audit.ts'
import { findCompany, findOperatorCompany } from './storage/tables/companies.ts'
import { findDeployment } from './storage/tables/deployment.ts'
import type { Key } from './storage/tables/key.ts'
import { findKeyInDeployment } from './storage/tables/keys.ts'
import { findLedger } from './storage/tables/ledger.ts'
import { listingOfUsers } from './storage/tables/listings.ts'
import { findNewestBegin } from './storage/tables/newest-begin.ts'
import { listPage } from './storage/tables/page.ts'
import { findPasswordsFor } from './storage/tables/passwords.ts'
import type { User } from './storage/tables/user.ts'
import { findUserInDeployment, findUsers, findUsersByEmail } from './storage/tables/users.ts'
import { setPassword } from './users/set-password.ts'

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

type HostServices = Pick<Services, 'engine' | 'change' | 'config' | 'fingerprint'>

/**
 * Creates a key for any user of the deployment, by id or email: for whoever runs a command on the server.
 * Throws AppError: input faults, `user_not_found`.
 */
export async function createKeyOnHost(
  services: HostServices,
  idOrEmail: string,
  input: Omit<ApiKeyCreate, 'userId'>,
): Promise<CreatedKey> {
  const { change, engine, config, fingerprint } = services
  const user = await getUserOnHost(engine, idOrEmail)
  const read = readKeyInput<ApiKeyCreate>({ ...input, userId: user.id })
  const keyDeps = { keyPrefix: config.keyPrefix, fingerprint }
  return change(requesterOnHost(user.companyId), user.companyId, (open) => createKey(open, keyDeps, read))
}

/** A key of any company by its id. Throws AppError `key_not_found`. */
export async function getKeyOnHost({ engine }: Pick<Services, 'engine'>, id: string): Promise<Key> {
  const key = isId('key', id) ? await engine.read((db) => findKeyInDeployment(db, id)) : undefined
  if (key !== undefined) return key
  // What was given may be the text of a key: it is not repeated.
  throw new AppError(
    'key_not_found',
    'No key has that id. Ids begin with key_, and stand in lists, in the audit and beside a key when it is made.',
  )
}

/** Deletes a key for whoever runs a command on the server. Answers when no server accepts it any more. */
export async function deleteKeyOnHost(
  { change }: Pick<Services, 'change'>,
  { id, companyId }: Pick<Key, 'id' | 'companyId'>,
): Promise<void> {
  await change(requesterOnHost(companyId), companyId, (open) => deleteKey(open, id), { isRevocation: true })
}

/** Gives a key a new secret, whatever its user: for whoever runs a command on the server. Throws AppError, as `rotateKey`. */
export async function rotateKeyOnHost(
  { change, config, fingerprint }: Pick<Services, 'change' | 'config' | 'fingerprint'>,
  { id, companyId }: Pick<Key, 'id' | 'companyId'>,
  overlapSeconds: number | undefined,
): Promise<CreatedKey> {
  const keyDeps = { keyPrefix: config.keyPrefix, fingerprint }
  return change(
    requesterOnHost(companyId),
    companyId,
    (open) => rotateKey(open, keyDeps, id, overlapSeconds),
    { isRevocation: true },
  )
}

/**
 * Sets a user's password and ends its sessions, by id or email: for whoever runs a command on the server.
 * Throws AppError `user_not_found`, `user_inactive`, `invalid_field` for a password that is easily guessed.
 */
export async function setPasswordOnHost(
  services: Pick<Services, 'engine' | 'change' | 'passwords'>,
  idOrEmail: string,
  password: string,
): Promise<User> {
  const user = await getUserOnHost(services.engine, idOrEmail)
  const weakness = findWeakness(password, user)
  if (weakness !== undefined) throw new AppError('invalid_field', `The password ${weakness}`)
  const { id: userId, email } = user
  const beside = email === null ? [] : await services.engine.read((db) => findPasswordsFor(db, email, userId))
  const hash = await services.passwords.hash(password, user, beside, ON_HOST)
  const isSet = await services.change(requesterOnHost(user.companyId), user.companyId, (change) =>
    setPassword(change, { userId, email, hash }),
  )
  if (!isSet) throw new AppError('user_inactive', 'The user is deactivated: activate it first.')
  return user
}

const ON_HOST = { network: 'host', isKnown: true }

async function getUserOnHost(engine: Engine, idOrEmail: string): Promise<User> {
  const [user, ...others] = await engine.read(async (db) => {
    if (!isId('usr', idOrEmail)) return findUsersByEmail(db, idOrEmail, SHOWN_MAX)
    const found = await findUserInDeployment(db, idOrEmail)
    return found === undefined ? [] : [found]
  })
  if (user !== undefined && others.length > 0) {
    const shown = [user, ...others].map(({ id, name, companyId }) => `${id} (${name}, ${companyId})`)
    throw new AppError(
      'user_not_found',
      `Users of several companies have the email ${idOrEmail}: name one by its id: ${shown.join(', ')}.`,
    )
  }
  if (user !== undefined) return user
  throw new AppError(
    'user_not_found',
    `No user has the id or email ${isNamed(idOrEmail) ? idOrEmail : 'given'}: latchkey keys create, without --user, lists some.`,
  )
}

/** Anything else may be a secret that was pasted in its place. */
const isNamed = (text: string): boolean =>
  isId('usr', text) || isRepeatable(text) || /^[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}$/i.test(text)

const SHOWN_MAX = 20

/** Some users of the operator's company, newest first. */
export async function listOperatorUsers({ engine }: Pick<Services, 'engine'>): Promise<User[]> {
  return engine.read(async (db) => {
    const company = await findOperatorCompany(db)
    if (company === undefined) return []
    const page = await listPage(
      db,
      listingOfUsers(company.id),
      { limit: SHOWN_MAX, offset: 0 },
      { chunkRows: SHOWN_MAX, pause: async () => {} },
    )
    const rows = await findUsers(db, company.id, page.ids)
    return page.ids.map((id) => rows.get(id)!)
  })
}

/**
 * Accepts what was found in the audit chains and in the list of companies, so that the service goes on. What does not
 * fit stays as it is, and that it was accepted is written down. Throws AppError `company_not_found` when the
 * operator's company is gone, `audit_broken` when a chain or the list was changed again since.
 */
export async function acceptBrokenAudit(
  { engine, change, derivedKeys }: Pick<Services, 'engine' | 'change' | 'derivedKeys'>,
  { list, walkedList, chains }: StoreReport,
): Promise<void> {
  for (const { companyId, report, walked } of chains) {
    if (report.isIntact) continue
    await change(requesterOnHost(companyId), companyId, (open) => acceptBreaks(open, walked))
  }
  if (list.isIntact) return
  const operator = await engine.read(findOperatorCompany)
  if (operator === undefined) {
    throw new AppError('company_not_found', "The operator's company is gone: restore a backup.")
  }
  await change(requesterOnHost(operator.id), operator.id, (change) =>
    acceptCompanyList(change, secretCheckOf(derivedKeys.check), walkedList),
  )
}

const EVENTS_CHUNK = 1_000

/**
 * Every audit event of a company, oldest first, as the API shows them. Throws AppError `company_not_found`, and
 * `audit_broken` when events that were not read yet are pruned meanwhile.
 */
export async function* exportAuditEvents(
  { engine }: Pick<Services, 'engine'>,
  companyId: string,
): AsyncGenerator<string> {
  const company = isId('cmp', companyId)
    ? await engine.inspect((db) => findCompany(db, companyId))
    : undefined
  if (company === undefined) {
    const name = isId('cmp', companyId) || isRepeatable(companyId) ? companyId : 'of that id'
    throw new AppError('company_not_found', `There is no company ${name}.`)
  }
  let sequence = 0
  for (;;) {
    const { rows, cut } = await engine.inspect(async (db) => ({
      rows: await listEventsAfter(db, company.id, sequence, EVENTS_CHUNK),
      cut: (await findLedger(db, company.id))?.auditCut ?? 0,
    }))
    if (sequence > 0 && cut > sequence) {
      throw new AppError(
        'audit_broken',
        `Events of ${company.id} were pruned meanwhile, so that some are not here: they are in the file of that prune.`,
      )
    }
    for (const row of rows) yield JSON.stringify(presentAuditEvent(row))
    sequence = rows.at(-1)?.sequence ?? sequence
    if (rows.length < EVENTS_CHUNK) return
  }
}
