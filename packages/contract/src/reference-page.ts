import type { OpenApiDocument } from './openapi/document.ts'
import { type Html, html } from './reference/html.ts'
import { INTRODUCTION, introduction } from './reference/introduction.ts'
import { layout } from './reference/layout.ts'
import { methodBadge, operationSection, type Placed } from './reference/operation-section.ts'

export { EXAMPLE_ORIGIN } from './reference/curl.ts'
export { renderErrorIndex, renderErrorPage } from './reference/error-pages.ts'
export { REFERENCE_STYLE } from './reference/style.ts'

/** The reference as one static page that needs no network, no script, and only /docs/style.css beside it. */
export function renderReferencePage(document: OpenApiDocument): string {
  const chapters = document.tags.map((tag) => ({ ...tag, operations: operationsOf(document, tag.name) }))
  return layout({
    title: `${document.info.title} – API reference`,
    navigation: html`<nav aria-label="Contents">
<p>Overview</p>
<ul aria-label="Overview">${Object.entries(INTRODUCTION).map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul>
${chapters.map(navigationOf)}
</nav>`,
    content: html`${introduction(document)}
${chapters.map((chapter) => chapterOf(document, chapter))}`,
  })
}

type Chapter = { readonly name: string; readonly description: string; readonly operations: readonly Placed[] }

function operationsOf(document: OpenApiDocument, tag: string): Placed[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ method, path, operation })),
  )
}

function navigationOf({ name, operations }: Chapter): Html {
  const items = operations.map(
    ({ method, operation }) =>
      html`<li><a href="#${operation.operationId}">${methodBadge(method)}${operation.summary}</a></li>
`,
  )
  return html`<p>${name}</p>
<ul aria-label="${name}">${items}</ul>
`
}

function chapterOf(document: OpenApiDocument, { name, description, operations }: Chapter): Html {
  const id = `chapter-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
  return html`<section aria-labelledby="${id}">
<div class="chapter"><h2 id="${id}">${name}</h2><p>${description}</p></div>
${operations.map((placed) => operationSection(document, placed))}
</section>
`
}
