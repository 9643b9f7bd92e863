import { AppError } from '@latchkey/core/error'
import { preflightHeaders } from './cors.ts'
import { urlOf } from './incoming.ts'
import { problemAnswer } from './problem.ts'
import type { Route, Router } from './router.ts'

/** Answers OPTIONS with what a path allows, a wrong method with 405, and the rest with 404. */
export function missingRoute(router: Router, corsOrigins: readonly string[]): Route {
  return {
    name: 'none',
    answer(request) {
      const { raw, requestId } = request
      const methods = router.methodsAt(urlOf(request))
      if (methods.length === 0) {
        throw new AppError('route_not_found', 'There is nothing at this path: see /docs.')
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
