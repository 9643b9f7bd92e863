import { acting } from '../api/acting.ts'
import { apiUrl } from '../api/base.ts'
import { queryText, type RequestOptions } from '../api/request.ts'
import { useStore } from '../api/store.ts'
import { type Asked, clientCallOf, indented } from './client-call.ts'
import { CopyButton } from './copy-button.tsx'

export type ApiCallProps = {
  readonly method?: string
  readonly path: string
  readonly query?: RequestOptions['query']
  readonly body?: unknown
  /** For each of these, one after the other; `path` has `:id` where it belongs. */
  readonly ids?: readonly string[]
}

/** The same by the API: what this page asks for, ready for a shell and for a program, whose environment has the key. */
export function ApiCall({ method = 'GET', path, query, body, ids }: ApiCallProps) {
  const company = useStore(acting)
  const text = curlOf({ method, path, query, body, ids, companyId: company?.id })
  const client = clientCallOf({ method, path, query, body, ids, companyId: company?.id })
  return (
    <details className="lk-api">
      <summary>The same by the API</summary>
      <div className="lk-stack">
        <Snippet text={text} label="Copy" />
        {client === undefined ? null : <Snippet text={client} label="Copy for @latchkey/client" />}
      </div>
    </details>
  )
}

/** As a shell makes it. */
export function curlOf({ method, path, query, body, ids, companyId }: Asked): string {
  const asked = `${apiUrl}${path}${queryText(query)}`
  const lines = [
    `curl -s${method === 'GET' ? '' : `X ${method}`} ${ids === undefined ? `'${asked}'` : `"${asked.replace(':id', '$id')}"`}`,
    `-H "X-API-KEY: $LATCHKEY_API_KEY"`,
    ...(companyId === undefined ? [] : [`-H 'X-Company-Id: ${companyId}'`]),
    ...(body === undefined
      ? []
      : [`-H 'Content-Type: application/json'`, `-d ${quoted(JSON.stringify(body))}`]),
  ]
  const once = lines.join(' \\\n  ')
  return ids === undefined ? once : `for id in ${ids.join(' ')}; do\n${indented(once)}\ndone`
}

function Snippet({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <>
      <pre className="lk-code">{text}</pre>
      <div className="lk-row">
        <CopyButton text={text} label={label} />
      </div>
    </>
  )
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
