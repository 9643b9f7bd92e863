import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMay } from '../../api/queries.ts'
import { request } from '../../api/request.ts'

/** What the console's own routes know of the keys of a page of the list, asked once the page is there. */
export function useOfPage<Known>(
  path: '/console/key-days' | '/console/key-makers',
  keyIds: readonly string[],
): Known | undefined {
  const may = useMay()
  const keys = keyIds.join(',')
  const { data } = useQuery({
    queryKey: ['keys', path, keys],
    enabled: keys !== '' && may('keys:read'),
    staleTime: 60_000,
    queryFn: async ({ signal }) => (await request<Known>('GET', path, { query: { keys }, signal })).body,
    placeholderData: keepPreviousData,
  })
  return data
}
