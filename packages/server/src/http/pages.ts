import { openApiDocument } from '@latchkey/contract/openapi'
import {
  REFERENCE_STYLE,
  renderErrorIndex,
  renderErrorPage,
  renderReferencePage,
} from '@latchkey/contract/reference-page'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import type { Metrics } from '../telemetry/metrics.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { pageUnder } from './base-path.ts'
import { PROBLEMS } from './problems.ts'
import type { Route, Router } from './router.ts'

/** No script, nothing from elsewhere: what a page may load, it loads from here. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * The pages for people, and the document for machines: everything that is not an operation. `basePath`: what their
 * links begin with.
 */
export function registerPages(router: Router, metrics: Metrics, basePath: string): void {
  // As bytes: what is sent to many is made once, and held once, however slowly they read.
  const bytesOf = (page: string) => Buffer.from(pageUnder(page, basePath))
  const document = openApiDocument(basePath === '' ? '/' : basePath)
  const documentBytes = Buffer.from(JSON.stringify(document))
  const referencePage = bytesOf(renderReferencePage(document))
  const codes = Object.keys(PROBLEMS) as ErrorCode[]
  const kinds = codes.map((code) => ({ code, ...PROBLEMS[code] }))
  const errorIndex = bytesOf(renderErrorIndex(kinds))
  const get = (pattern: string, answer: Route['answer']) =>
    router.add(['GET'], pattern, { name: pattern, answer })

  get('/', ({ raw }) => {
    if (raw.headers.accept?.includes('text/html')) {
      return { status: 302, headers: { location: '/docs' }, body: '' }
    }
    throw new AppError('route_not_found', 'There is nothing here: see /docs.')
  })
  get('/openapi.json', () => jsonAnswer(200, documentBytes))
  get('/metrics', async () => textAnswer(metrics.contentType, await metrics.text()))
  get('/docs', () => pageAnswer(referencePage))
  get('/docs/style.css', () => textAnswer('text/css; charset=utf-8', REFERENCE_STYLE))
  get('/errors', () => pageAnswer(errorIndex))
  get('/errors/:code', ({ params }) => {
    const kind = kinds.find(({ code }) => code === params.code)
    if (kind !== undefined) return pageAnswer(bytesOf(renderErrorPage(kind)))
    throw new AppError('route_not_found', 'There is no such error code: see /errors.')
  })
}

const textAnswer = (type: string, body: string): Answer => ({
  status: 200,
  headers: { 'content-type': type },
  body,
})

const pageAnswer = (page: Buffer): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': CONTENT_SECURITY_POLICY },
  body: page,
})
