import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

/** What the page of one error code says. */
export type ErrorKind = {
  readonly code: string
  readonly title: string
  /** HTTP status. */
  readonly status: number
  readonly meaning: string
  readonly remedy: string
}

/** The page at /errors/<code>. */
export function renderErrorPage({ code, title, status, meaning, remedy }: ErrorKind): string {
  return layout({
    title: `${title} – Latchkey`,
    content: html`<article class="error">
<p class="quiet"><a href="/errors">All errors</a></p>
<h1>${title}</h1>
<p class="endpoint"><span class="status">${status}</span><code>${code}</code></p>
<h2>What it means</h2>
<p>${meaning}</p>
<h2>What to do</h2>
<p>${remedy}</p>
<p class="quiet">The <code>detail</code> of the answer says more about your request. How errors look: <a href="/docs#errors">API reference</a>.</p>
</article>`,
  })
}

/** The page at /errors: every code, by status. */
export function renderErrorIndex(kinds: readonly ErrorKind[]): string {
  const sorted = [...kinds].sort((a, b) => a.status - b.status)
  return layout({
    title: 'Errors – Latchkey',
    content: html`<article class="error">
<h1>Errors</h1>
<p class="lead">Every code the service answers. Codes are added to, never renamed.</p>
<div class="table"><table aria-label="Error codes">
<thead><tr><th scope="col">Status</th><th scope="col">Code</th><th scope="col">Meaning</th></tr></thead>
<tbody>${sorted.map(row)}</tbody>
</table></div>
</article>`,
  })
}

const row = ({ status, code, meaning }: ErrorKind): Html => html`<tr>
<td><span class="status">${status}</span></td>
<th scope="row"><a href="/errors/${code}"><code>${code}</code></a></th>
<td>${meaning}</td>
</tr>
`
