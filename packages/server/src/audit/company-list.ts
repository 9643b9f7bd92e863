import { AppError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import { listCompanyIdsAfter } from '../storage/tables/companies.ts'
import { findDeployment } from '../storage/tables/deployment.ts'
import type { Db, DeploymentRow } from '../storage/tables/schema.ts'
import { type AuditChain, CHAIN_START, isEqual } from './chain.ts'
import type { Sighted } from './sightings.ts'

const COMPANIES_CHUNK = 500

/**
 * All companies of a store, in the order of their ids, which is that of their creation: a hash over them, and a
 * seal over that and their count. Companies are never deleted, so that one more or one less shows.
 */
export type CompanyList = Pick<DeploymentRow, 'companies_head' | 'companies_seal'>

export function emptyCompanyList(chain: AuditChain): CompanyList {
  return sealedList(chain, 0, CHAIN_START)
}

/** The list with one more company. Throws AppError `audit_broken` when it was changed by somebody else. */
export function extendCompanyList(chain: AuditChain, deployment: DeploymentRow, id: CompanyId): CompanyList {
  const { companies_count: count, companies_head: head } = deployment
  if (head === null || !isListSealed(chain, deployment)) throw companyListBroken()
  return sealedList(chain, count + 1, nextHead(chain, head, id))
}

export type CompanyListReport =
  | { readonly isIntact: true; readonly companies: number }
  | { readonly isIntact: false; readonly reason: string }

/** What is found when the list is read from its first company on. */
export type WalkedList = { readonly count: number; readonly head: Uint8Array; readonly list: CompanyList }

/** `onCompany` is called with the hash after each, and how many there are up to it. */
export async function walkCompanyList(
  db: Db,
  chain: AuditChain,
  onCompany: (id: CompanyId, count: number, head: Uint8Array) => void = () => {},
): Promise<WalkedList> {
  let head: Uint8Array = CHAIN_START
  let count = 0
  for (let last = ''; ; ) {
    const ids = await listCompanyIdsAfter(db, last, COMPANIES_CHUNK)
    for (const id of ids) {
      head = nextHead(chain, head, id)
      count += 1
      onCompany(id, count, head)
    }
    last = ids.at(-1) ?? last
    if (ids.length < COMPANIES_CHUNK) return { count, head, list: sealedList(chain, count, head) }
  }
}

/** Finds that a company was added, or deleted with all that belongs to it. */
export async function verifyCompanyList(
  db: Db,
  chain: AuditChain,
  onCompany: (id: CompanyId) => void,
  seen?: Sighted,
): Promise<CompanyListReport> {
  return (await examineCompanyList(db, chain, onCompany, seen)).report
}

/** The same, and all that was found, for whoever accepts it. */
export async function examineCompanyList(
  db: Db,
  chain: AuditChain,
  onCompany: (id: CompanyId) => void = () => {},
  seen?: Sighted,
): Promise<{ readonly report: CompanyListReport; readonly walked: WalkedList }> {
  const deployment = await findDeployment(db)
  let difference = seen?.differs(0, CHAIN_START)
  const walked = await walkCompanyList(db, chain, (id, count, head) => {
    onCompany(id)
    difference ??= seen?.differs(count, head)
  })
  difference ??= seen?.ends(walked.count)
  return { report: reportOf(chain, deployment, walked, difference), walked }
}

function reportOf(
  chain: AuditChain,
  deployment: DeploymentRow | undefined,
  { count, head }: WalkedList,
  difference: string | undefined,
): CompanyListReport {
  const broken = (reason: string) => ({ isIntact: false, reason }) as const
  if (deployment === undefined) return broken('the record of the deployment is missing')
  if (deployment.companies_seal === null) return broken('it is not sealed: start the service once')
  if (!isListSealed(chain, deployment)) return broken('its record was changed')
  const { companies_count: noted } = deployment
  if (count !== noted) return broken(`it has ${count} and should have ${noted}`)
  if (!isEqual(head, deployment.companies_head!)) return broken('it does not have the same companies')
  return difference === undefined ? { isIntact: true, companies: count } : broken(difference)
}

/** Whether the record of the list is of our own making. */
export function isListSealed(chain: AuditChain, deployment: DeploymentRow): boolean {
  const { companies_count: count, companies_head: head, companies_seal: seal } = deployment
  return head !== null && seal !== null && isEqual(sealedList(chain, count, head).companies_seal!, seal)
}

function sealedList(chain: AuditChain, count: number, head: Uint8Array): CompanyList {
  return { companies_head: head, companies_seal: chain.mark('companies', String(count), head) }
}

const nextHead = (chain: AuditChain, head: Uint8Array, id: CompanyId): Buffer =>
  chain.mark('company', head, id)

export function companyListBroken(): AppError {
  return new AppError(
    'audit_broken',
    'The list of companies was changed from outside the service, so that none can be added. Whoever runs the ' +
      'service has to look: latchkey audit verify.',
    { cause: new Error('the seal of the list of companies is not ours') },
  )
}
