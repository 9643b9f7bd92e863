import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import type { Running } from './running.ts'
import type { BenchStore } from './stores.ts'

const LIMIT = 25

/** A page of the store's company, by the company's own key. */
export function listRequest({ key }: BenchStore, query: string): Buffer {
  return requestText('GET', `/keys?limit=${LIMIT}${query}`, { headers: { 'x-api-key': key.secret } })
}

export function getRequest({ key }: BenchStore, id: string): Buffer {
  return requestText('GET', `/keys/${id}`, { headers: { 'x-api-key': key.secret } })
}

/** The id of the key at `offset` of the list; and that its total is the number of active keys, exactly. */
export async function idAtOffset(server: Running, store: BenchStore, offset: number): Promise<string> {
  const { status, body } = await ask(server.port, listRequest(store, `&offset=${offset}`))
  if (status !== 200) throw new Error(`the list was answered ${status}: ${body}`)
  const page = JSON.parse(body) as { readonly total: number; readonly data: readonly { id: string }[] }
  // A tenth is inactive, and one key came besides.
  const expected = store.keys - Math.floor(store.keys / 10) + 1
  if (page.total !== expected) throw new Error(`the total is ${page.total} instead of ${expected}`)
  return page.data[0]!.id
}
