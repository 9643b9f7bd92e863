import type { ConsoleVisit } from '@latchkey/contract/schemas/console'
import { acting } from './acting.ts'
import { basePath } from './base.ts'
import { firstQueryOfKeys } from './key-filters.ts'
import { type Answered, queryText, type RequestOptions, request } from './request.ts'

/**
 * Runs before the framework is there, which takes the longest of a first visit: who is signed in, and the list that the
 * address asks for, are on their way meanwhile. Each answer is taken once; whoever comes later asks anew.
 */
let visit: Promise<ConsoleVisit | undefined> | undefined = askWhoIsIn()
const lists = new Map<string, Promise<Answered<unknown>>>()

/** When it is known whether somebody is signed in, and what comes next is on its way. */
export const firstAnswer: Promise<void> = askForList()

/** undefined: nobody is signed in. */
export function takeVisit(): Promise<ConsoleVisit | undefined> {
  const taken = visit ?? askWhoIsIn()
  visit = undefined
  return taken
}

/** A list as it was asked for early, or is asked for now. */
export function takeList<Page>(
  path: string,
  options: Pick<RequestOptions, 'query' | 'signal'>,
): Promise<Answered<Page>> {
  const name = nameOf(path, options.query)
  const early = lists.get(name)
  lists.clear()
  return early === undefined ? request<Page>('GET', path, options) : (early as Promise<Answered<Page>>)
}

/** What was asked for early was for whoever was there then. */
export const forgetLists = (): void => lists.clear()

async function askWhoIsIn(): Promise<ConsoleVisit | undefined> {
  return (await request<ConsoleVisit | undefined>('GET', '/console/session')).body
}

async function askForList(): Promise<void> {
  const query = firstQueryOfKeys(location, `${basePath}/console`)
  // Whoever is not signed in is refused, and the browser would write that down in red.
  if (query === undefined || (await visit?.catch(() => undefined)) === undefined) return
  const list = request<unknown>('GET', '/keys', { query })
  // Whoever takes it is told; the page may never.
  list.catch(() => undefined)
  lists.set(nameOf('/keys', query), list)
}

/** Of another company the same path is another list. */
const nameOf = (path: string, query: RequestOptions['query']): string =>
  `${acting.get()?.id} ${path}${queryText(query)}`
