import { AppError } from '@latchkey/core/error'
import { type CompanyId, isId } from '@latchkey/core/ids'
import type { Change } from '../changes/change.ts'
import { type Committed, settledValue } from '../changes/changes.ts'
import { rehearse } from '../changes/rehearse.ts'
import { requesterOnHost } from '../changes/requester.ts'
import type { SourceLine } from '../import/import-row.ts'
import { type ImportedLine, type ImportTerms, importKeys } from '../keys/import-keys.ts'
import { createRehearsal } from '../keys/rehearsal.ts'
import type { Services } from '../services.ts'
import { findCompany } from '../storage/tables/companies.ts'
import { findUser } from '../storage/tables/users.ts'
import { createUser } from '../users/create-user.ts'

/** Rows of one transaction, which holds the company: some 100 ms. */
const STEP_ROWS = 500

type HostServices = Pick<Services, 'engine' | 'change' | 'commit' | 'fingerprint' | 'derivedKeys'>

type HostImport = Pick<ImportTerms, 'source' | 'extras' | 'userId'> & {
  readonly companyId: string
  readonly createsUsers: boolean
  readonly isDryRun: boolean
}

/**
 * Imports keys for whoever runs a command on the server, step by step: what a step answers is durable. An import that
 * was ended goes on when it is begun again, since what came in is left as it is. A dry run says what a run would do.
 * Throws AppError `company_not_found`, `user_not_found`, `unavailable`.
 */
export async function* importOnHost(
  services: HostServices,
  lines: AsyncIterable<SourceLine>,
  { companyId: id, createsUsers, isDryRun, ...said }: HostImport,
): AsyncGenerator<ImportedLine[]> {
  const companyId = await getCompanyId(services, id)
  await assertUser(services, companyId, said.userId)
  const deps = { fingerprint: services.fingerprint, importsKey: services.derivedKeys.imports }
  const terms: ImportTerms = {
    ...said,
    createUser: createsUsers ? createDeveloper : undefined,
    ...(isDryRun ? { rehearsal: createRehearsal() } : {}),
  }
  const by = requesterOnHost(companyId)
  const workOf = (step: readonly SourceLine[]) => (change: Change) => {
    if (!services.engine.hasRoom()) throw nearlyFull()
    return importKeys(change, deps, step, terms)
  }
  if (isDryRun) {
    for await (const step of stepsOf(lines)) yield rehearse(services.change, by, companyId, workOf(step))
    return
  }
  /** Not in force everywhere yet, and so not told: the next step does not wait for that. */
  let last: Committed<ImportedLine[]> | undefined
  let fault: { readonly error: unknown } | undefined
  try {
    for await (const step of stepsOf(lines)) {
      const next = await services.commit(by, companyId, workOf(step))
      if (last !== undefined) yield await settledValue(last)
      last = next
    }
  } catch (error) {
    fault = { error }
  }
  // What was done is told, whatever came after it.
  if (last !== undefined) yield await settledValue(last)
  if (fault !== undefined) throw fault.error
}

/** What other systems gave out takes no room that is kept for taking powers away. */
const nearlyFull = (): AppError =>
  new AppError(
    'unavailable',
    'The disk under the data directory is nearly full: what is left is kept for deleting and disabling. Make room, then begin the import again.',
  )

async function getCompanyId({ engine }: Pick<Services, 'engine'>, id: string): Promise<CompanyId> {
  const company = isId('cmp', id) ? await engine.read((db) => findCompany(db, id)) : undefined
  if (company !== undefined) return company.id
  throw new AppError(
    'company_not_found',
    'No company has that id. Ids begin with cmp_: GET /companies lists them.',
  )
}

async function assertUser(
  { engine }: Pick<Services, 'engine'>,
  companyId: CompanyId,
  id: string | undefined,
): Promise<void> {
  if (id === undefined) return
  const user = isId('usr', id) ? await engine.read((db) => findUser(db, companyId, id)) : undefined
  if (user?.status === 'active') return
  throw new AppError(
    'user_not_found',
    'The user of --user is no active user of the company: GET /users lists them.',
  )
}

const createDeveloper: ImportTerms['createUser'] = (change, externalId) =>
  createUser(change, { name: externalId, role: 'developer', externalId })

async function* stepsOf(lines: AsyncIterable<SourceLine>): AsyncGenerator<SourceLine[]> {
  let step: SourceLine[] = []
  for await (const line of lines) {
    step.push(line)
    if (step.length < STEP_ROWS) continue
    yield step
    step = []
  }
  if (step.length > 0) yield step
}
