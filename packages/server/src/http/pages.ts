import { openApiDocument } from '@latchkey/contract/openapi'
import {
  REFERENCE_STYLE,
  renderErrorIndex,
  renderErrorPage,
  renderReferencePage,
} from '@latchkey/contract/reference-page'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Metrics } from '../telemetry/metrics.ts'
import { sendProblem } from './problem.ts'
import { PROBLEMS } from './problems.ts'

/** No script, nothing from elsewhere: what a page may load, it loads from here. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The pages for people, and the document for machines: everything that is not an operation. */
export function registerPages(app: FastifyInstance, metrics: Metrics): void {
  const document = openApiDocument()
  const documentText = JSON.stringify(document)
  const referencePage = renderReferencePage(document)
  const codes = Object.keys(PROBLEMS) as ErrorCode[]
  const kinds = codes.map((code) => ({ code, ...PROBLEMS[code] }))

  app.get('/', (request, reply) => {
    if (request.headers.accept?.includes('text/html')) return reply.redirect('/docs', 302)
    return sendProblem(
      reply,
      new AppError('route_not_found', 'There is nothing here: see /docs.'),
      request.facts.requestId,
    )
  })
  app.get('/openapi.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(documentText),
  )
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  app.get('/docs', (_request, reply) => html(reply, referencePage))
  app.get('/docs/style.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(REFERENCE_STYLE))
  app.get('/errors', (_request, reply) => html(reply, renderErrorIndex(kinds)))
  app.get<{ Params: { code: string } }>('/errors/:code', (request, reply) => {
    const kind = kinds.find(({ code }) => code === request.params.code)
    if (kind !== undefined) return html(reply, renderErrorPage(kind))
    return sendProblem(
      reply,
      new AppError('route_not_found', 'There is no such error code: see /errors.'),
      request.facts.requestId,
    )
  })
}

function html(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .type('text/html; charset=utf-8')
    .send(page)
}
