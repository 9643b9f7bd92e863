import type { ConsoleDeployment } from '@latchkey/contract/schemas/console'
import type { Readiness } from '@latchkey/contract/schemas/health'
import { useQuery } from '@tanstack/react-query'
import { apiUrl } from '../../api/base.ts'
import { deploymentQuery } from '../../api/queries.ts'
import { request } from '../../api/request.ts'
import { PathText } from '../../ui/path-text.tsx'
import { Finding } from './finding.tsx'
import { StoreFindings } from './store-findings.tsx'

type OpenApi = { readonly info: { readonly version: string } }

const STORES: Readonly<Record<string, string>> = {
  sqlite: 'Embedded, in its data directory',
  postgres: 'PostgreSQL',
}

/** What this deployment is, and whether it can do its work. */
export function Deployment() {
  const { data: version } = useQuery({
    queryKey: ['version'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await request<OpenApi>('GET', '/openapi.json')).body.info.version,
  })
  const { data } = useQuery(deploymentQuery)
  return (
    <section className="lk-panel">
      <h2>This deployment</h2>
      <dl className="lk-facts">
        <dt>API</dt>
        <dd className="lk-mono">{apiUrl}</dd>
        <dt>Version</dt>
        <dd>{version ?? '…'}</dd>
        <Health />
        <dt>Your requests</dt>
        <dd>{data === undefined ? '…' : <PathText path={data.path} />}</dd>
        {data?.operated === undefined || data.operated === null ? null : (
          <Operated operated={data.operated} />
        )}
        <dt>Reference</dt>
        <dd>
          <a href={`${apiUrl}/docs`} target="_blank" rel="noopener noreferrer">
            Documentation of the API
          </a>
        </dd>
        <dt>More</dt>
        <dd>
          <code>npx latchkey doctor</code> on the server looks at the same, and at what keeps a service from
          starting.
        </dd>
      </dl>
      {data?.operated === undefined || data.operated === null ? null : <StoreFindings />}
    </section>
  )
}

function Health() {
  const { data, error } = useQuery({
    queryKey: ['readiness'],
    queryFn: async () => (await request<Readiness>('GET', '/readyz')).body,
  })
  const text = data === undefined ? '…' : 'Ready: it verifies and writes'
  return (
    <>
      <dt>Store</dt>
      <dd>{data === undefined ? '…' : (STORES[data.store] ?? data.store)}</dd>
      <dt>Health</dt>
      <dd>{error === null ? text : `Not ready: ${error.message}`}</dd>
    </>
  )
}

/** What only the operator is told. */
function Operated({ operated }: { readonly operated: NonNullable<ConsoleDeployment['operated']> }) {
  const { findings, servers } = operated
  return (
    <>
      {servers === null ? null : (
        <>
          <dt>Servers</dt>
          <dd>
            <ul className="lk-plain">
              {servers.map(({ id, behind }) => (
                <li key={id}>
                  <span className="lk-mono">{id.slice(0, 8)}</span>{' '}
                  {behind === 0 ? 'knows every change' : `${behind} changes behind`}
                </li>
              ))}
            </ul>
          </dd>
        </>
      )}
      {findings.map((finding) => (
        <Finding key={finding.check} finding={finding} />
      ))}
    </>
  )
}
