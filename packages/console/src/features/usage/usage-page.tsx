import type { UsageList } from '@latchkey/contract/schemas/usage'
import { NativeSelect } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { request } from '../../api/request.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { wordOf } from '../../ui/outcome-word.ts'
import { Page } from '../../ui/page.tsx'
import { UsageChart } from '../../ui/usage-chart.tsx'
import { Exactly } from '../../ui/when.tsx'
import { KeySums, UserSums } from './used-by.tsx'

const PERIODS = [
  { value: '7', label: 'The last 7 days' },
  { value: '30', label: 'The last 30 days' },
  { value: '90', label: 'The last 90 days' },
] as const
const DAY_MS = 86_400_000

/** How often the company's keys were used, why they were refused, and which are used most. */
export function UsagePage() {
  const { days: text = '' }: { days?: string } = useSearch({ strict: false })
  const days = PERIODS.some(({ value }) => value === text) ? text : '30'
  const navigate = useNavigate()
  const today = Date.now()
  const dateAt = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const span = { from: dateAt(today - (Number(days) - 1) * DAY_MS), to: dateAt(today) }
  const byDay = { ...span, by: 'day', limit: 100 }
  const { data, error, refetch } = useSums(byDay)
  return (
    <Page
      title="Usage"
      lead="Every verdict about your keys: in verifications, at gateways and in Latchkey itself."
    >
      <div className="lk-filters">
        <NativeSelect
          className="lk-wide"
          label="Period"
          value={days}
          onChange={(event) => void navigate({ to: '/usage', search: { days: event.currentTarget.value } })}
          data={[...PERIODS]}
        />
      </div>
      <ProblemNotice error={error} retry={() => void refetch()} />
      <section className="lk-panel" aria-busy={data === undefined}>
        <h2>By day</h2>
        {data === undefined ? null : (
          <>
            <UsageChart {...span} days={data.data.map(({ id, counts }) => ({ date: id, counts }))} />
            <p className="lk-small lk-dim">
              Counted until <Exactly at={data.countedUntil} />.
            </p>
          </>
        )}
      </section>
      <div className="lk-columns">
        <KeySums list={useSums({ ...span, by: 'key', limit: 20 }).data} />
        <div>
          <CodeSums list={useSums({ ...span, by: 'code', limit: 100 }).data} />
          <UserSums list={useSums({ ...span, by: 'user', limit: 20 }).data} />
        </div>
      </div>
      <ApiCall path="/usage" query={byDay} />
    </Page>
  )
}

function useSums(query: Readonly<Record<string, string | number>>) {
  return useQuery({
    queryKey: ['usage', query],
    queryFn: async ({ signal }) => (await request<UsageList>('GET', '/usage', { query, signal })).body,
    placeholderData: keepPreviousData,
  })
}

function CodeSums({ list }: { readonly list: UsageList | undefined }) {
  return (
    <section className="lk-panel" aria-busy={list === undefined}>
      <h2>By outcome</h2>
      {list?.data.length === 0 ? <p className="lk-dim">No use in these days.</p> : null}
      <dl className="lk-facts">
        {list?.data.map(({ id, total }) => (
          <Outcome key={id} code={id} total={total} />
        ))}
      </dl>
    </section>
  )
}

function Outcome({ code, total }: { readonly code: string; readonly total: number }) {
  return (
    <>
      <dt>
        {wordOf(code)} <span className="lk-mono">{code}</span>
      </dt>
      <dd>{total.toLocaleString()}</dd>
    </>
  )
}
