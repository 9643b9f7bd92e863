import type {
  OpenApiDocument,
  OperationObject,
  ParameterObject,
  ResponseObject,
} from '../openapi/document.ts'
import { codeBlock, foldedCodeBlock, json } from './code-block.ts'
import { curl } from './curl.ts'
import { answerTable, bodyTable, parameterTable } from './field-table.ts'
import { find } from './find.ts'
import { type Html, html } from './html.ts'

export type Placed = { readonly method: string; readonly path: string; readonly operation: OperationObject }

/** One operation: what it does and takes on the left, samples on the right. */
export function operationSection(document: OpenApiDocument, placed: Placed): Html {
  const { method, path, operation } = placed
  const { operationId, summary, description } = operation
  return html`<article class="operation" id="${operationId}" aria-labelledby="${operationId}-title">
<div class="words">
<h3 id="${operationId}-title"><a href="#${operationId}">${summary}</a></h3>
<p class="endpoint">${methodBadge(method)}<code>${path}</code></p>
<p>${description}</p>
<p class="permission">${permissionText(operation)}</p>
${inputTables(document, operation)}
${answerFields(document, operation)}
${problemCodes(operation)}
</div>
<div class="samples">
${codeBlock('Request', curl(document, placed))}
${answerSamples(operation)}
</div>
</article>
`
}

export const methodBadge = (method: string): Html =>
  html`<span class="method ${method}">${method.toUpperCase()}</span>`

function permissionText({ security, 'x-permission': permission }: OperationObject): Html {
  if (permission !== null) return html`Needs the permission <code>${permission}</code>.`
  if (security.length === 0) return html`Needs no credential.`
  return security.length === 1 ? html`Needs the token of a session.` : html`Any credential will do.`
}

function inputTables(document: OpenApiDocument, { parameters, requestBody }: OperationObject): Html {
  const found = parameters.map((part) => find<ParameterObject>(document, part))
  const schema = requestBody?.content['application/json']?.schema
  return html`${found.length === 0 ? undefined : parameterTable(document, found)}
${schema === undefined ? undefined : bodyTable(document, schema, 'Request body')}`
}

/** The one answer to success, with its status. */
function success({ responses }: OperationObject): readonly [status: string, response: ResponseObject] {
  const [status = '', response = {}] = Object.entries(responses).find(([code]) => code < '400') ?? []
  return [status, response as ResponseObject]
}

function answerFields(document: OpenApiDocument, operation: OperationObject): Html | undefined {
  const [, { content }] = success(operation)
  const schema = content?.['application/json']?.schema
  if (schema === undefined) return undefined
  return html`<details><summary>Fields of the answer</summary>${answerTable(document, schema, 'Answer')}</details>`
}

/** The first example lies open, the others are folded. */
function answerSamples(operation: OperationObject): Html {
  const [status, { headers = {}, content }] = success(operation)
  const names = Object.keys(headers).join(', ')
  const [first, ...others] = Object.values(content?.['application/json']?.examples ?? {}).map(
    ({ summary, value }) => ({ heading: `${status} · ${summary}`, code: json(value) }),
  )
  return html`${first === undefined ? codeBlock(`${status} · No body`, ' ') : codeBlock(first.heading, first.code)}
${others.map(({ heading, code }) => foldedCodeBlock(heading, code))}
<p class="headers">Headers: ${names}</p>`
}

function problemCodes({ 'x-problem-codes': codes }: OperationObject): Html {
  const rows = Object.entries(codes).map(
    ([
      status,
      names,
    ]) => html`<dt>${status}</dt><dd>${names.map((name) => html`<a href="/errors/${name}"><code>${name}</code></a> `)}</dd>
`,
  )
  return html`<details><summary>Problems it may answer</summary><dl class="codes">${rows}</dl></details>`
}
