import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { ApiError } from '../../api/api-error.ts'
import type { Listed } from '../../api/queries.ts'
import { request } from '../../api/request.ts'

/** Whatever a customer sends of a key: its id, a masked form, its last four characters. */
export async function findKeys(text: string, signal: AbortSignal): Promise<readonly ApiKey[]> {
  const wanted = text.trim()
  if (/^key_\w+$/.test(wanted)) {
    try {
      return [(await request<ApiKey>('GET', `/keys/${wanted}`, { signal })).body]
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return []
      throw error
    }
  }
  const search = /(?:\.\.\.|…|\*+)(\w{4})$/.exec(wanted)?.[1] ?? wanted
  const query = { status: 'all', search: search.slice(0, 100), limit: 10 }
  return (await request<Listed<ApiKey>>('GET', '/keys', { query, signal })).body.data
}
