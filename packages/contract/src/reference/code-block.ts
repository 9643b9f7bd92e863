import { type Html, html } from './html.ts'

/** A sample, with a heading that says what it is. It scrolls, so the keyboard must reach it. */
export function codeBlock(heading: string, code: Html | string): Html {
  return html`<figure class="code"><figcaption>${heading}</figcaption>${sample(code)}</figure>`
}

export function foldedCodeBlock(heading: string, code: Html | string): Html {
  return html`<details class="code"><summary>${heading}</summary>${sample(code)}</details>`
}

const sample = (code: Html | string): Html => html`<pre tabindex="0"><code>${code}</code></pre>`

/** JSON over several lines, its names, texts and other values told apart by colour. */
export function json(value: unknown): Html {
  const text = JSON.stringify(value, null, 2)
  const parts: Html[] = []
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const [token, quoted, colon] = match
    const kind = quoted === undefined ? 'value' : colon === undefined ? 'text' : 'name'
    parts.push(html`${text.slice(end, match.index)}<span class="${kind}">${quoted ?? token}</span>${colon}`)
    end = match.index + token.length
  }
  return html`${parts}${text.slice(end)}`
}

/** A quoted text, with the colon that makes it a name; or a number, true, false or null. */
const TOKEN = /("(?:[^"\\]|\\.)*")(:)?|-?\d[\d.eE+-]*|true|false|null/g
