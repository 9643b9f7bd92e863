import { acting } from '../api/acting.ts'
import { apiUrl } from '../api/base.ts'
import { queryText, type RequestOptions } from '../api/request.ts'
import { useStore } from '../api/store.ts'
import { CopyButton } from './copy-button.tsx'

type ApiCallProps = {
  readonly method?: string
  readonly path: string
  readonly query?: RequestOptions['query']
  readonly body?: unknown
}

/** The same by the API: what this page asks for, ready for a shell. The key stays in the caller's environment. */
export function ApiCall({ method = 'GET', path, query, body }: ApiCallProps) {
  const company = useStore(acting)
  const lines = [
    `curl -s${method === 'GET' ? '' : `X ${method}`} '${apiUrl}${path}${queryText(query)}'`,
    `-H "X-API-KEY: $LATCHKEY_API_KEY"`,
    ...(company === undefined ? [] : [`-H 'X-Company-Id: ${company.id}'`]),
    ...(body === undefined
      ? []
      : [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`]),
  ]
  const text = lines.join(' \\\n  ')
  return (
    <details className="lk-api">
      <summary>The same by the API</summary>
      <div className="lk-stack">
        <pre className="lk-code">{text}</pre>
        <div className="lk-row">
          <CopyButton text={text} label="Copy" />
        </div>
      </div>
    </details>
  )
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
