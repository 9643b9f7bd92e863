import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { KeyUsage } from '@latchkey/contract/schemas/usage'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { request } from '../../api/request.ts'
import { wordOf } from '../../ui/outcome-word.ts'
import { RowList } from '../../ui/row-list.tsx'
import { When } from '../../ui/when.tsx'

/** From where the key was refused: whoever complains seldom knows their own address. */
export function LatelyRefused({ apiKey }: { readonly apiKey: ApiKey }) {
  const { id, lastRefusedAt, lastRefusedCode, lastRefusedAddress } = apiKey
  const { data } = useQuery({
    queryKey: ['keys', 'usage', id],
    queryFn: async ({ signal }) => (await request<KeyUsage>('GET', `/keys/${id}/usage`, { signal })).body,
  })
  // The service notes when a key was last refused some seconds later; the networks are there at once.
  const networks = data?.refusedAddresses ?? []
  return (
    <div>
      {lastRefusedAt === null || lastRefusedCode === null ? null : (
        <p>
          Last refused <When at={lastRefusedAt} />
          {lastRefusedAddress === null ? null : (
            <>
              {' '}
              from <span className="lk-mono">{lastRefusedAddress}</span>
            </>
          )}
          : {wordOf(lastRefusedCode)} ({lastRefusedCode}).
        </p>
      )}
      {networks.length === 0 ? null : (
        <>
          <p>Its list refused these addresses. Pick one to see why, and to allow it:</p>
          <RowList>
            {networks.map(({ network, address, lastAt }) => (
              <li key={network}>
                <Link to="/why" search={{ key: id, address }} className="lk-mono">
                  {address}
                </Link>
                , last <When at={lastAt} />
              </li>
            ))}
          </RowList>
        </>
      )}
    </div>
  )
}
