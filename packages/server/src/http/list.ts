import type { OperationId } from '@latchkey/contract/operations'
import { AppError, inputError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import { type IdPage, type Listing, listPage, type PageRequest } from '../storage/page.ts'
import type { Db } from '../storage/schema.ts'
import type { Context, HandlerDeps } from './context.ts'

const LIMIT_DEFAULT = 25

type PageQuery = {
  readonly limit?: number
  readonly startingAfter?: string
  readonly endingBefore?: string
  readonly offset?: number
}

type ListSource<Item> = {
  readonly listing: Listing
  readonly companyId: CompanyId
  readonly query: PageQuery
  /** Query parameters that the links carry besides the cursor, in order. */
  readonly carried: Readonly<Record<string, string | undefined>>
  /** Whether an id is a position in this list, filtered out or not. */
  readonly isPosition: (db: Db, id: string) => Promise<boolean>
  /** The rows of a page, in the order of its ids. */
  readonly items: (db: Db, ids: readonly string[]) => Promise<readonly Item[]>
}

type ListAnswer<Item> = {
  readonly headers: Record<string, string>
  readonly body: {
    status: number
    total: number
    totalIsMinimum?: boolean
    count: number
    nextUrl: string | null
    previousUrl: string | null
    data: Item[]
  }
}

/** Answers one page of any list: position, rows and total from one snapshot, and the links to its neighbours. */
export async function answerList<Item>(
  deps: Pick<HandlerDeps, 'engine' | 'slowReads'>,
  context: Pick<Context<OperationId>, 'baseUrl' | 'path'>,
  source: ListSource<Item>,
): Promise<ListAnswer<Item>> {
  const request = parsePageRequest(source.query)
  const { page, data } = await deps.slowReads.run(source.companyId, (pause) =>
    deps.engine.read(async (db) => {
      await checkCursor(db, source, request)
      const page = await listPage(db, source.listing, request, pause)
      return { page, data: [...(await source.items(db, page.ids))] }
    }),
  )
  const links = linksOf(context, source.carried, request.limit, page)
  return {
    headers: linkHeader(links),
    body: {
      status: 200,
      total: page.total,
      ...(page.isTotalMinimum ? { totalIsMinimum: true } : {}),
      count: data.length,
      nextUrl: links.next,
      previousUrl: links.previous,
      data,
    },
  }
}

function parsePageRequest(query: PageQuery): PageRequest {
  const { limit = LIMIT_DEFAULT, startingAfter, endingBefore, offset = 0 } = query
  if (offset > 0 && (startingAfter !== undefined || endingBefore !== undefined)) {
    throw inputError([
      {
        parameter: 'offset',
        code: 'conflicting_parameters',
        detail: 'cannot be used together with startingAfter or endingBefore: leave one of them out.',
      },
    ])
  }
  return { limit, startingAfter, endingBefore, offset }
}

/** Unknown, malformed and another company's cursor get one identical answer. */
async function checkCursor<Item>(db: Db, source: ListSource<Item>, request: PageRequest): Promise<void> {
  const cursor = request.endingBefore ?? request.startingAfter
  if (cursor === undefined || (await source.isPosition(db, cursor))) return
  const parameter = request.endingBefore === undefined ? 'startingAfter' : 'endingBefore'
  throw new AppError(
    'invalid_cursor',
    `${parameter} is not the id of an item in this list: follow nextUrl instead.`,
    {
      faults: [{ parameter, code: 'invalid_cursor', detail: 'is not the id of an item in this list.' }],
    },
  )
}

type Links = { readonly next: string | null; readonly previous: string | null }

function linksOf(
  context: Pick<Context<OperationId>, 'baseUrl' | 'path'>,
  carried: ListSource<unknown>['carried'],
  limit: number,
  page: IdPage,
): Links {
  const link = (cursor: 'startingAfter' | 'endingBefore', id: string | undefined) => {
    const url = new URL(`${context.baseUrl}${context.path}`)
    const { status, ...others } = carried
    const parameters = { status, limit: String(limit), ...others, [cursor]: id }
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    return url.href
  }
  return {
    next: page.hasOlder ? link('startingAfter', page.ids.at(-1)) : null,
    previous: page.hasNewer ? link('endingBefore', page.ids[0]) : null,
  }
}

/** RFC 8288. */
function linkHeader({ next, previous }: Links): Record<string, string> {
  const links: string[] = []
  if (next !== null) links.push(`<${next}>; rel="next"`)
  if (previous !== null) links.push(`<${previous}>; rel="prev"`)
  return links.length === 0 ? {} : { link: links.join(', ') }
}
