import type { AppError } from '@latchkey/core/error'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import findMyWay, { type HTTPMethod } from 'find-my-way'
import type { Answer } from './wire/answer.ts'
import type { Incoming } from './wire/incoming.ts'
import { parseTarget } from './wire/request-target.ts'

export type Route = {
  /** How metrics and logs name it: the operation, else the pattern of the path. */
  readonly name: string
  /** It begins at once, without waiting for a turn. */
  readonly isUrgent?: boolean
  /** It says whether somebody may do something: its answer is sent as soon as it is known, and waits for no others. */
  readonly isVerdict?: boolean
  /** It may revoke something: its turn comes before those of routes that cannot. */
  readonly mayRevoke?: boolean
  answer(request: Incoming): MaybePromise<Answer>
  /**
   * It reads the target of its requests itself. Other routes refuse a target with a fragment, for no client sends one.
   */
  readonly readsTarget?: true
  /** What a refusal looks like here; absent: a problem, as everywhere. */
  refuse?(error: AppError, request: Incoming): Answer
}

type Found = { readonly route: Route; readonly params: Incoming['params'] }

/** The routes by method and path. A trailing slash is the same resource. */
export type Router = {
  /** A path with a route for GET has it for HEAD too. `pattern`: `/keys/:keyId`, `/gateway/envoy/*`. */
  add(methods: readonly string[], pattern: string, route: Route): void
  find(method: string, url: string): Found | undefined
  /** The methods that have a route at the path of this URL. */
  methodsAt(url: string): string[]
}

/** `paramLengthMax`: above any that can come; a longer parameter would be another kind of error. */
export function createRouter(paramLengthMax: number): Router {
  const routes = createPaths(paramLengthMax)
  /** Patterns without parameters, by path and method: most requests find their route here, without a search. */
  const fixed = new Map<string, Map<string, Found>>()
  /** Every pattern once, under one method, with the methods that it has. */
  const patterns = createPaths(paramLengthMax)
  const methodsOf = new Map<string, Set<string>>()

  function methodsAtPattern(pattern: string): Set<string> {
    const methods = methodsOf.get(pattern) ?? new Set<string>()
    if (!methodsOf.has(pattern)) patterns.on('GET', pattern, noHandler, methods)
    methodsOf.set(pattern, methods)
    return methods
  }

  return {
    add(methods, pattern, route) {
      const isFixed = !/[:*]/.test(pattern)
      for (const method of new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)) {
        routes.on(method as HTTPMethod, pattern, noHandler, route)
        if (isFixed) fixed.set(pattern, (fixed.get(pattern) ?? new Map()).set(method, { route, params: {} }))
        methodsAtPattern(pattern).add(method)
      }
    },
    find(method, url) {
      const path = parseTarget(url)?.path
      if (path === undefined) return undefined
      // A path with a pattern of its own matches no wider one, whatever the method: /keys/import is not the key
      // `import`.
      const known = fixed.get(withoutSlash(path))
      if (known !== undefined) return known.get(method)
      const found = findPath(routes, method as HTTPMethod, path)
      return found === null ? undefined : { route: found.store as Route, params: found.params }
    },
    methodsAt(url) {
      const path = parseTarget(url)?.path
      const found = path === undefined ? null : findPath(patterns, 'GET', path)
      return found === null ? [] : [...(found.store as Set<string>)]
    },
  }
}

const withoutSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path

type Paths = ReturnType<typeof createPaths>

function createPaths(paramLengthMax: number) {
  return findMyWay({
    ignoreTrailingSlash: true,
    maxParamLength: paramLengthMax,
    // Parsed by the operation, by its schema.
    querystringParser: () => undefined,
  })
}

/**
 * Keeps the library from decoding: `/%6detrics` is not `/metrics`, or else a proxy that keeps back the one would let
 * the other through. An id with percent-encoded characters is no id either.
 */
function findPath(paths: Paths, method: HTTPMethod, path: string) {
  const begin = path.slice(0, PATH_LENGTH_MAX)
  return paths.find(method, begin.includes('%') ? begin.replaceAll('%', '%25') : begin)
}

/** Far beyond any id: what is cut off could not be found anyway, and to look at all of it costs a millisecond. */
const PATH_LENGTH_MAX = 1_024

/** The library wants one. */
const noHandler = (): void => {}
