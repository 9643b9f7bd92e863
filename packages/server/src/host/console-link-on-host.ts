import { requesterOnHost } from '../changes/requester.ts'
import type { Services } from '../services.ts'
import { findOperatorCompany } from '../storage/tables/companies.ts'
import { type ConsoleLink as Link, makeConsoleLink } from '../users/console-link.ts'

export type ConsoleLink = Link

/**
 * A link with which the operator's first owner opens the console and sets its password, for whoever runs a command on
 * the server. undefined: an owner has a password already, or the store is not made yet.
 */
export async function makeConsoleLinkOnHost({
  engine,
  change,
  derivedKeys,
}: Pick<Services, 'engine' | 'change' | 'derivedKeys'>): Promise<ConsoleLink | undefined> {
  const company = await engine.read(findOperatorCompany)
  if (company === undefined) return undefined
  return change(requesterOnHost(company.id), company.id, (open) =>
    makeConsoleLink(open, derivedKeys.consoleLink),
  )
}
