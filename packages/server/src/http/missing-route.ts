import { AppError } from '@latchkey/core/error'
import { problemAnswer } from './present/problem.ts'
import type { Route, Router } from './router.ts'
import { preflightHeaders } from './wire/cors.ts'
import { urlOf } from './wire/incoming.ts'
import { parseTarget } from './wire/request-target.ts'

type MissingDeps = {
  readonly corsOrigins: readonly string[]
  /** Empty, or the path of the public URL, which a proxy cuts off. */
  readonly basePath: string
}

/** Answers OPTIONS with what a path allows, a wrong method with 405, and the rest with 404. */
export function missingRoute(router: Router, { corsOrigins, basePath }: MissingDeps): Route {
  return {
    name: 'none',
    answer(request) {
      const { raw, requestId } = request
      const methods = router.methodsAt(urlOf(request))
      if (methods.length === 0) {
        throw nothingAt(urlOf(request), basePath)
      }
      const allow = [...methods, 'OPTIONS'].sort().join(', ')
      if (raw.method === 'OPTIONS') {
        const headers = { allow, ...preflightHeaders(raw, corsOrigins, allow) }
        return { status: 204, headers, body: undefined }
      }
      const detail = `${raw.method} is not possible here; possible are ${allow}.`
      return problemAnswer(new AppError('method_not_allowed', detail), requestId, { headers: { allow } })
    },
  }
}

function nothingAt(url: string, basePath: string): AppError {
  const path = parseTarget(url)?.path ?? ''
  const isUncut = basePath !== '' && (path === basePath || path.startsWith(`${basePath}/`))
  return new AppError(
    'route_not_found',
    isUncut
      ? `There is nothing at this path: ${basePath}, the path of LATCHKEY_PUBLIC_URL, is for the proxy to cut off.`
      : `There is nothing at this path: see ${basePath}/docs.`,
  )
}
