import type { OperationId } from '@latchkey/contract/operations'
import { AppError, inputError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import {
  type IdPage,
  type Listing,
  listPage,
  type Pace,
  type PageRequest,
} from '../../storage/tables/listing/page.ts'
import type { Db } from '../../storage/tables/schema.ts'
import { createPieceMaker, type Elements, orDrop } from '../admission/pieces.ts'
import type { Context, HandlerDeps } from '../schema/context.ts'

const LIMIT_DEFAULT = 25

type PageQuery = {
  readonly limit?: number
  readonly startingAfter?: string
  readonly endingBefore?: string
  readonly offset?: number
}

type ListSource<Row> = {
  readonly listing: Listing
  readonly companyId: CompanyId
  readonly query: PageQuery
  /** Query parameters that the links carry besides the cursor, in order. */
  readonly carried: Readonly<Record<string, string | undefined>>
  /** Whether an id is a position in this list, filtered out or not. */
  readonly isPosition: (db: Db, id: string) => Promise<boolean>
  /** Rows by id. */
  readonly rows: (db: Db, ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>
  /** A row as an element of the answer's `data`. */
  readonly present: (row: Row) => object
}

type ListAnswer = {
  readonly headers: Record<string, string>
  readonly body: {
    status: number
    total: number
    totalIsMinimum?: boolean
    count: number
    nextUrl: string | null
    previousUrl: string | null
    data: never[]
  }
  readonly elements: Elements
}

/**
 * Answers one page of any list: position, rows and total from one snapshot, and the links to its neighbours. The page
 * is made in pieces, so that others get their turns however large its rows are.
 */
export async function answerList<Row>(
  deps: Pick<HandlerDeps, 'engine' | 'slowReads' | 'turns' | 'turnstile' | 'holdings'>,
  context: Pick<Context<OperationId>, 'baseUrl' | 'path' | 'elementText' | 'admitAgain' | 'isWanted'>,
  source: ListSource<Row>,
): Promise<ListAnswer> {
  const request = parsePageRequest(source.query)
  const { companyId } = source
  const read = (pace: Pace) =>
    deps.engine.read(
      async (db) => {
        await checkCursor(db, source, request)
        const page = await listPage(db, source.listing, request, pace)
        return { page, elements: await readElements(deps, context, source, db, page.ids) }
      },
      { party: companyId },
    )
  const { page, elements } = await deps.turnstile.pass(
    companyId,
    () => deps.slowReads.run(companyId, read),
    () => context.isWanted(),
  )
  await orDrop(elements, context.admitAgain)
  const links = linksOf(context, source.carried, request.limit, page)
  return {
    headers: linkHeader(links),
    body: {
      status: 200,
      total: page.total,
      ...(page.isTotalMinimum ? { totalIsMinimum: true } : {}),
      count: page.ids.length,
      nextUrl: links.next,
      previousUrl: links.previous,
      data: [],
    },
    elements,
  }
}

/** Rows read at once, at first: the largest there are take some tenths of a millisecond each. */
const ROWS_FIRST = 4

async function readElements<Row>(
  deps: Pick<HandlerDeps, 'turns' | 'holdings'>,
  { elementText }: Pick<Context<OperationId>, 'elementText'>,
  { companyId, rows, present }: ListSource<Row>,
  db: Db,
  ids: readonly string[],
): Promise<Elements> {
  const maker = createPieceMaker(deps, companyId)
  try {
    let take = ROWS_FIRST
    for (let start = 0; start < ids.length; ) {
      const wanted = ids.slice(start, start + take)
      const found = await rows(db, wanted)
      for (const id of wanted) await maker.add(elementText(present(found.get(id)!)))
      start += wanted.length
      take = rowsOf(maker.bytes / start)
    }
    return maker.finish()
  } catch (error) {
    maker.drop()
    throw error
  }
}

/** How many rows are read at once when they have so many bytes each. */
function rowsOf(bytesEach: number): number {
  if (bytesEach > 16 * 1024) return 1
  return bytesEach > 1024 ? 4 : 32
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
async function checkCursor<Row>(db: Db, source: ListSource<Row>, request: PageRequest): Promise<void> {
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
export function linkHeader({ next, previous }: Links): Record<string, string> {
  const links: string[] = []
  if (next !== null) links.push(`<${next}>; rel="next"`)
  if (previous !== null) links.push(`<${previous}>; rel="prev"`)
  return links.length === 0 ? {} : { link: links.join(', ') }
}
