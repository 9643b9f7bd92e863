import type { ConsoleStoreFindings } from '@latchkey/contract/schemas/console'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { request } from '../../api/request.ts'
import { ProblemNotice } from '../../ui/notice.tsx'
import { When } from '../../ui/when.tsx'
import { Finding } from './finding.tsx'

/** What the doctor finds in the store. Only when somebody asks: it reads all of it. */
export function StoreFindings() {
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['deployment', 'store'],
    enabled: false,
    queryFn: async ({ signal }) =>
      (await request<ConsoleStoreFindings>('GET', '/console/store-findings', { signal })).body,
  })
  return (
    <div className="lk-stack">
      <h3>What is in the store</h3>
      <div className="lk-row">
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          {data === undefined ? 'Look through the store' : 'Look again'}
        </Button>
        <span className="lk-small lk-dim" role="status">
          {data === undefined ? (
            'Takes up to 20 seconds, and stops nobody meanwhile.'
          ) : (
            <>
              Looked through <When at={data.at} />: {summaryOf(data)}
            </>
          )}
        </span>
      </div>
      <ProblemNotice error={error} />
      {data === undefined ? null : (
        <dl className="lk-facts">
          {data.findings.map((finding) => (
            <Finding key={finding.check} finding={finding} />
          ))}
        </dl>
      )}
    </div>
  )
}

function summaryOf({ findings }: ConsoleStoreFindings): string {
  const bad = findings.filter(({ level }) => level !== 'ok').length
  if (bad === 0) return 'all is well.'
  return bad === 1 ? 'one thing needs a look.' : `${bad} things need a look.`
}
