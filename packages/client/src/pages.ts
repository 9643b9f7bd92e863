import { notOurs } from './answer.ts'
import type { Call, WithResponse } from './call.ts'

type PageQuery = { limit?: number; startingAfter?: string; endingBefore?: string; offset?: number }
type Page<Item> = { data: readonly Item[]; nextUrl: string | null; previousUrl: string | null }

/** A list: every item in turn by `for await`, or one page of it. */
export interface Pages<Item, List> extends AsyncIterable<Item> {
  /** One page, as the service answers it. */
  page(): Call<List>
}

/**
 * Goes on from the id of the last item. The address of the next page in an answer is never fetched: it could lead
 * elsewhere, and the key with it.
 */
export function createPages<Item extends { id: string }, List extends Page<Item>, Query extends PageQuery>(
  query: Query,
  fetchPage: (query: Query) => Call<List>,
): Pages<Item, List> {
  return {
    page: () => fetchPage(query),
    async *[Symbol.asyncIterator]() {
      let next: Query | undefined = query
      while (next !== undefined) {
        const { data: page, response }: WithResponse<List> = await fetchPage(next).withResponse()
        if (!Array.isArray(page.data)) throw notOurs(response, 'A list', WITHOUT_ITEMS)
        yield* page.data
        next = following(next, page)
      }
    },
  }
}

const WITHOUT_ITEMS = 'was answered without items: is url right, and is it Latchkey that answers?'

function following<Query extends PageQuery>(query: Query, page: Page<{ id: string }>): Query | undefined {
  const { offset: _, ...rest } = query
  if (query.endingBefore !== undefined) {
    const first = page.data[0]
    return page.previousUrl === null || first === undefined
      ? undefined
      : ({ ...rest, endingBefore: first.id } as Query)
  }
  const last = page.data.at(-1)
  return page.nextUrl === null || last === undefined
    ? undefined
    : ({ ...rest, startingAfter: last.id } as Query)
}
