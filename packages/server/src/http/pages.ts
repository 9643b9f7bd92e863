import { openApiDocument } from '@latchkey/contract/openapi'
import {
  EXAMPLE_ORIGIN,
  REFERENCE_STYLE,
  renderErrorIndex,
  renderErrorPage,
  renderReferencePage,
} from '@latchkey/contract/reference-page'
import { AppError, type ErrorCode } from '@latchkey/core/error'
import { PROBLEMS } from './present/problems.ts'
import type { Route, Router } from './router.ts'
import { type Answer, jsonAnswer } from './wire/answer.ts'
import { basePathOf, pageUnder } from './wire/base-path.ts'
import { requestOrigin } from './wire/request-origin.ts'

/** No script, nothing from elsewhere: what a page may load, it loads from here. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * The pages for people, and the document for machines: everything that is not an operation. Their links begin with
 * the path of `publicUrl`, and the commands on them with the address under which they were asked for. `home`: where a
 * browser is sent that asks for nothing.
 */
export function registerPages(router: Router, publicUrl: string | null, home: '/console' | '/docs'): void {
  const basePath = basePathOf(publicUrl)
  const bytesOf = (page: string) => Buffer.from(pageUnder(page, basePath))
  const { documentBytes, reference } = documentUnder(basePath)
  const referenceAt = referencesOf(reference)
  const codes = Object.keys(PROBLEMS) as ErrorCode[]
  const kinds = codes.map((code) => ({ code, ...PROBLEMS[code] }))
  const errorIndex = bytesOf(renderErrorIndex(kinds))
  const get = (pattern: string, answer: Route['answer']) =>
    router.add(['GET'], pattern, { name: pattern, answer })

  get('/', ({ raw }) => {
    if (raw.headers.accept?.includes('text/html')) {
      return { status: 302, headers: { location: home }, body: '' }
    }
    throw new AppError('route_not_found', `There is nothing here: see ${basePath}/docs.`)
  })
  get('/openapi.json', () => jsonAnswer(200, documentBytes))
  get('/docs', (request) => pageAnswer(referenceAt(publicUrl?.replace(/\/$/, '') ?? requestOrigin(request))))
  get('/favicon.ico', () => textAnswer('image/svg+xml', ICON))
  get('/docs/style.css', () => textAnswer('text/css; charset=utf-8', REFERENCE_STYLE))
  get('/errors', () => pageAnswer(errorIndex))
  get('/errors/:code', ({ params }) => {
    const kind = kinds.find(({ code }) => code === params.code)
    if (kind !== undefined) return pageAnswer(bytesOf(renderErrorPage(kind)))
    throw new AppError('route_not_found', `There is no such error code: see ${basePath}/errors.`)
  })
}

type Documented = { readonly documentBytes: Buffer; readonly reference: Buffer }

/** By the base path: a process has one, and whoever starts many services in one process has few. */
const documented = new Map<string, Documented>()

/**
 * The document and its page, as bytes: what is sent to many is made once, and held once, however slowly they read.
 * Made when a service starts, not when somebody asks: verification would wait for it.
 */
function documentUnder(basePath: string): Documented {
  const known = documented.get(basePath)
  if (known !== undefined) return known
  const document = openApiDocument(basePath === '' ? '/' : basePath)
  const made = {
    documentBytes: Buffer.from(JSON.stringify(document)),
    reference: Buffer.from(pageUnder(renderReferencePage(document), basePath)),
  }
  documented.set(basePath, made)
  return made
}

/** Addresses under which one service is asked for its pages. Only somebody who plays with it names more. */
const ORIGINS_MAX = 4

/** The reference with the address under which it was asked for in its commands. */
function referencesOf(page: Buffer): (origin: string) => Buffer {
  const text = page.toString()
  const made = new Map<string, Buffer>()
  return (origin) => {
    const known = made.get(origin)
    if (known !== undefined) return known
    // Whoever names another address each time gets a page that is there.
    if (made.size >= ORIGINS_MAX) return page
    const addressed = Buffer.from(text.replaceAll(EXAMPLE_ORIGIN, origin))
    made.set(origin, addressed)
    return addressed
  }
}

/** The mark of the pages' head. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="none" stroke="#2f4fd0" stroke-width="4" d="M2 14V8a6 6 0 1 1 6 6z"/></svg>`

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
