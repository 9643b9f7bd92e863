import type { Answer } from './answer.ts'

/**
 * The path of LATCHKEY_PUBLIC_URL, under which callers reach the service behind a proxy that cuts it off: `/latchkey`,
 * or empty. Requests never have it; every link of an answer does.
 */
export const basePathOf = (publicUrl: string | null): string =>
  publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')

const PROBLEM_START = '{"type":"/'

/** An answer with the base path before the paths in it: that of Location, and the type of a problem. */
export function underBasePath<Given extends Answer>(answer: Given, basePath: string): Given {
  if (basePath === '') return answer
  const { headers, body } = answer
  const { location } = headers
  const isPath = typeof location === 'string' && location.startsWith('/')
  return {
    ...answer,
    headers: isPath ? { ...headers, location: `${basePath}${location}` } : headers,
    body: isProblem(body) ? `{"type":"${basePath}/${body.slice(PROBLEM_START.length)}` : body,
  }
}

const isProblem = (body: Answer['body']): body is string =>
  typeof body === 'string' && body.startsWith(PROBLEM_START)

/** A page with the base path before its links. What is no link cannot look like one: its quotes are escaped. */
export const pageUnder = (page: string, basePath: string): string =>
  page.replaceAll(' href="/', ` href="${basePath}/`)
