import type { OpenApiDocument } from '../openapi/document.ts'
import { EXAMPLE_IDS } from '../openapi/examples/example.ts'
import { codeBlock, json } from './code-block.ts'
import { EXAMPLE_ORIGIN } from './curl.ts'
import { answerTable } from './field-table.ts'
import { type Html, html } from './html.ts'

/** The sections that stand before the operations, by the id of their anchor. */
export const INTRODUCTION = {
  start: 'Start',
  authentication: 'Authentication',
  lists: 'Lists',
  repeats: 'Safe repeats',
  errors: 'Errors',
} as const

export function introduction(document: OpenApiDocument): Html {
  return html`${start(document)}${authentication(document)}${lists()}${repeats()}${errors(document)}`
}

const section = (id: keyof typeof INTRODUCTION, words: Html, samples: Html): Html =>
  html`<section class="operation" id="${id}" aria-labelledby="${id}-title">
<div class="words"><h2 id="${id}-title"><a href="#${id}">${INTRODUCTION[id]}</a></h2>${words}</div>
<div class="samples">${samples}</div>
</section>
`

function start({ info }: OpenApiDocument): Html {
  return html`<section class="operation" id="start">
<div class="words">
<h1>${info.title}</h1>
<p class="lead">${info.summary}</p>
<p>${info.description}</p>
<p class="quiet">Version ${info.version} · ${info.license.name}</p>
</div>
<div class="samples">${codeBlock(
    'Try it',
    `KEY='<your key>'\ncurl ${EXAMPLE_ORIGIN}/me -H "X-API-KEY: $KEY"`,
  )}</div>
</section>
`
}

function authentication({ components: { securitySchemes } }: OpenApiDocument): Html {
  const { apiKeyHeader, bearerAuth, oauth2 } = securitySchemes
  return section(
    'authentication',
    html`<p>One credential a request, in one of three ways. Two at once are refused. A credential is never read from the query string or a cookie.</p>
<h3>API key</h3><p>${apiKeyHeader?.description} Send it as <code>X-API-KEY</code>, once.</p>
<h3>Bearer token</h3><p>${bearerAuth?.description}</p>
<h3>OAuth 2, client credentials</h3><p>${oauth2?.description} Its scopes are permissions; leave <code>scope</code> out for all that the key has.</p>
<h3>Permissions</h3><p>Every operation names the permission it needs. Without it the answer is 403, and the detail says which one is missing. A key has the permissions of its user, or fewer.</p>`,
    html`${codeBlock('API key', `curl ${EXAMPLE_ORIGIN}/keys \\\n  -H "X-API-KEY: $KEY"`)}
${codeBlock('Bearer token', `curl ${EXAMPLE_ORIGIN}/keys \\\n  -H "Authorization: Bearer $TOKEN"`)}
${codeBlock(
  'Get a token',
  `curl ${EXAMPLE_ORIGIN}/oauth/token \\\n  -u "${EXAMPLE_IDS.key}:$KEY" \\\n  -d grant_type=client_credentials \\\n  -d scope=keys:list`,
)}`,
  )
}

function lists(): Html {
  return section(
    'lists',
    html`<p>Newest first, always. Follow <code>nextUrl</code> until it is null; the <code>Link</code> header says the same. <code>total</code> counts all that match, <code>count</code> what this page holds.</p>
<p><code>startingAfter</code> and <code>endingBefore</code> take the id of an item. It keeps its place when the item is deleted, so a walk neither skips nor repeats. With both, only <code>endingBefore</code> counts; neither goes with an <code>offset</code>.</p>`,
    codeBlock(
      'The next page',
      `curl "${EXAMPLE_ORIGIN}/keys?limit=2&startingAfter=${EXAMPLE_IDS.olderKey}" \\\n  -H "X-API-KEY: $KEY"`,
    ),
  )
}

function repeats(): Html {
  return section(
    'repeats',
    html`<p>Send an <code>Idempotency-Key</code> with a creation, and it can be repeated after a broken connection: for 24 hours the same value with the same body gets the first answer again, the secret included, with <code>Idempotent-Replayed: true</code>. Another body under the same value is refused.</p>
<p>To change only what you have seen, send the <code>ETag</code> of the key, user or company as <code>If-Match</code>: when somebody else was faster the answer is 412.</p>`,
    codeBlock(
      'Create once',
      `curl ${EXAMPLE_ORIGIN}/keys \\\n  -H "X-API-KEY: $KEY" \\\n  -H 'Idempotency-Key: import-2026-11-20' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"userId": "${EXAMPLE_IDS.user}"}'`,
    ),
  )
}

/** What a misspelt parameter is told. */
const PROBLEM_EXAMPLE = {
  type: '/errors/unknown_parameter',
  title: 'Unknown parameter',
  status: 400,
  detail: 'limt: is not a parameter of this operation. Did you mean limit?',
  message: 'limt: is not a parameter of this operation. Did you mean limit?',
  code: 'unknown_parameter',
  requestId: EXAMPLE_IDS.request,
  errors: [
    {
      parameter: 'limt',
      code: 'unknown_parameter',
      detail: 'is not a parameter of this operation.',
      suggestion: 'limit',
    },
  ],
}

function errors(document: OpenApiDocument): Html {
  return section(
    'errors',
    html`<p>Every error is <code>application/problem+json</code> (RFC 9457). Act on <code>code</code>, which never changes its meaning, and show <code>detail</code>, which says how to mend it. When several inputs are wrong, <code>errors</code> names them all.</p>
<p>Each code has a page: see <a href="/errors">all of them</a>. When you report a failure, give the <code>requestId</code>; it is also in the <code>X-Request-Id</code> header.</p>
${answerTable(document, { $ref: '#/components/schemas/Problem' }, 'A problem')}`,
    codeBlock('400 · A misspelt parameter', json(PROBLEM_EXAMPLE)),
  )
}
