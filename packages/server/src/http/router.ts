import { METHODS } from 'node:http'
import type { AppError } from '@latchkey/core/error'
import findMyWay, { type HTTPMethod } from 'find-my-way'
import type { Answer } from './answer.ts'
import type { Incoming } from './incoming.ts'

export type Route = {
  /** How metrics and logs name it: the operation, else the pattern of the path. */
  readonly name: string
  answer(request: Incoming): Answer | Promise<Answer>
  /** What a refusal looks like here; absent: a problem, as everywhere. */
  refuse?(error: AppError, request: Incoming): Answer
}

/** The routes by method and path. A trailing slash is the same resource. */
export type Router = {
  /** A path with a route for GET has it for HEAD too. `pattern`: `/keys/:keyId`, `/gateway/envoy/*`. */
  add(methods: readonly string[], pattern: string, route: Route): void
  /** undefined: there is none, or the URL is malformed. */
  find(
    method: string,
    url: string,
  ): { readonly route: Route; readonly params: Incoming['params'] } | undefined
  /** The methods that have a route at the path of this URL. */
  methodsAt(url: string): string[]
}

/** `paramLengthMax`: above any that can come; a longer parameter would be another kind of error. */
export function createRouter(paramLengthMax: number): Router {
  const routes = findMyWay({
    ignoreTrailingSlash: true,
    maxParamLength: paramLengthMax,
    // Parsed by the operation, by its schema.
    querystringParser: () => undefined,
  })
  const find: Router['find'] = (method, url) => {
    if (!isRequestTarget(url)) return undefined
    const found = routes.find(method as HTTPMethod, url)
    return found === null ? undefined : { route: found.store as Route, params: found.params }
  }
  return {
    add(methods, pattern, route) {
      const all = new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)
      for (const method of all) routes.on(method as HTTPMethod, pattern, noHandler, route)
    },
    find,
    methodsAt: (url) => METHODS.filter((method) => find(method, url) !== undefined),
  }
}

/** A path, or the absolute form (RFC 9112 §3.2). The library would take `*` and whatever else for `/`. */
const isRequestTarget = (url: string): boolean => url.startsWith('/') || /^https?:\/\//i.test(url)

/** The library wants one. */
const noHandler = (): void => {}
