import type { ConsoleStoreFindings } from '@latchkey/contract/schemas/console'
import { Notice } from '../../ui/notice.tsx'

/** What `latchkey doctor` calls its checks. */
const CHECKS: Readonly<Record<string, string>> = {
  'data-directory': 'Data directory',
  'server-secret': 'Server secret',
  proxies: 'Proxies',
  metrics: 'Metrics',
  disk: 'Disk',
  store: 'Store',
  clock: 'Clock',
  database: 'Database',
  schema: 'Schema',
  rights: 'Rights in the database',
  objects: 'Tables and triggers',
  restore: 'Restore',
  integrity: 'Integrity',
  counters: 'Counters',
  usage: 'Counted use',
  servers: 'Servers running',
  connections: 'Connections',
  clocks: 'Clock of the database',
}

type FindingProps = { readonly finding: ConsoleStoreFindings['findings'][number] }

/** What one check found; what is wrong, with what to do. */
export function Finding({ finding: { check, level, detail, remedy } }: FindingProps) {
  return (
    <>
      <dt>{CHECKS[check] ?? check}</dt>
      <dd>
        {level === 'ok' ? (
          detail
        ) : (
          <Notice tone={level === 'problem' ? 'bad' : 'warn'}>
            <p>{detail}</p>
            {remedy === undefined ? null : <p>{remedy}</p>}
          </Notice>
        )}
      </dd>
    </>
  )
}
