import { type Html, html } from './html.ts'

type Page = {
  readonly title: string
  /** Left of the content; absent: none. */
  readonly navigation?: Html
  readonly content: Html
}

/** One whole page: no script, no inline style, nothing loaded but our own style sheet. */
export function layout({ title, navigation, content }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/favicon.ico" type="image/svg+xml">
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<a class="brand" href="/docs"><span class="mark" aria-hidden="true"></span>Latchkey</a>
<ul>
<li><a href="/docs">API reference</a></li>
<li><a href="/errors">Errors</a></li>
<li><a href="/openapi.json">OpenAPI document</a></li>
</ul>
</header>
<div class="${navigation === undefined ? 'frame plain' : 'frame'}">
${navigation}
<main id="content" tabindex="-1">
${content}
</main>
</div>
</body>
</html>
`.toString()
}
