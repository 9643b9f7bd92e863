import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { KeyUsage } from '@latchkey/contract/schemas/usage'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { request } from '../../api/request.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { UsageChart } from '../../ui/usage-chart.tsx'
import { When } from '../../ui/when.tsx'

/** How often the key was used within 30 days, and from where. */
export function UsagePanel({ apiKey }: { readonly apiKey: ApiKey }) {
  const { id, lastUsedAt, lastRefusedAt } = apiKey
  const { data, error, refetch } = useQuery({
    // Whatever the page learns of a new use shows here too.
    queryKey: ['keys', 'usage', id, lastUsedAt, lastRefusedAt],
    queryFn: async ({ signal }) => (await request<KeyUsage>('GET', `/keys/${id}/usage`, { signal })).body,
    placeholderData: keepPreviousData,
  })
  return (
    <section className="lk-panel" aria-busy={data === undefined}>
      <h2>Usage</h2>
      <ProblemNotice error={error} retry={() => void refetch()} />
      {data === undefined ? null : (
        <>
          <UsageChart from={data.from} to={data.to} days={data.days} />
          <Networks title="Accepted from" networks={data.addresses} />
          <Networks title="Refused by its list" networks={data.refusedAddresses} />
        </>
      )}
    </section>
  )
}

type NetworksProps = { readonly title: string; readonly networks: KeyUsage['addresses'] }

function Networks({ title, networks }: NetworksProps) {
  if (networks.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <RowList className="lk-plain">
        {networks.map(({ network, address, lastAt }) => (
          <li key={network}>
            <span className="lk-mono">{address}</span>{' '}
            <span className="lk-dim">
              <When at={lastAt} />
            </span>
          </li>
        ))}
      </RowList>
    </>
  )
}
