import { AppError } from '@latchkey/core/error'
import type { Route, Router } from '../router.ts'
import { acceptsGzip } from '../wire/accepts-gzip.ts'
import type { Answer } from '../wire/answer.ts'
import { type ConsoleFile, readConsoleFiles } from './files.ts'

/**
 * Everything comes from here, as files: nothing inline, no nonce, nothing from elsewhere, and no page around it. An
 * injected script has no way to run, and none to send anything away.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** The files of the console. What is no file is its page, which knows its own places. Says whether it is built. */
export function registerConsolePages(router: Router, basePath: string, files = readConsoleFiles()): boolean {
  const page = files.get('index.html')
  const get = (pattern: string, answer: Route['answer']) =>
    router.add(['GET'], pattern, { name: pattern, answer })
  if (page === undefined) {
    get('/console', notBuilt)
    return false
  }
  const pageBody = Buffer.from(page.body.toString().replaceAll('"./', `"${basePath}/console/`))
  const answerPage = (): Answer => ({ status: 200, headers: PAGE_HEADERS, body: pageBody })
  get('/console', answerPage)
  get('/console/*', ({ raw, params }) => {
    const name = params['*'] ?? ''
    const file = files.get(name)
    if (file !== undefined && name !== 'index.html') return fileAnswer(file, acceptsGzip(raw))
    // A name that a new release has replaced is not the page: a script that is none would be run as one.
    if (name.startsWith('assets/')) throw new AppError('route_not_found', 'The console has no such file.')
    return answerPage()
  })
  return true
}

function fileAnswer({ type, body, packed, isHashed }: ConsoleFile, takesGzip: boolean): Answer {
  const isPacked = takesGzip && packed !== undefined
  return {
    status: 200,
    headers: {
      'content-type': type,
      // Its name changes with what is in it.
      'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      'cross-origin-resource-policy': 'same-origin',
      ...(packed === undefined ? {} : { vary: 'Accept-Encoding' }),
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
    },
    body: isPacked ? packed : body,
  }
}

function notBuilt(): never {
  throw new AppError(
    'route_not_found',
    'The console is not built: an install without development packages leaves it out. Run npm ci, then start again.',
  )
}
