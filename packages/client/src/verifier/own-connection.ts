import type { RequestOptions } from 'node:http'
import { findHttp, findHttps } from '../builtin.ts'

/** A connection that is used for one request at a time, is gone when one is given up, and keeps no process alive. */
export type OwnConnection = {
  readonly fetch: typeof fetch
  close(): void
}

/** undefined: only `fetch` reaches the network here. */
export function createOwnConnection(url: string): OwnConnection | undefined {
  const http = url.startsWith('https:') ? findHttps() : findHttp()
  if (http === undefined) return undefined
  const newAgent = () => new http.Agent({ keepAlive: true, maxSockets: 1 })
  let agent = newAgent()
  const request = http.request as typeof import('node:http').request
  return {
    fetch: (input, init = {}) => {
      const { method = 'GET', headers, body, signal } = init
      const options = { agent, method, headers: headers as Record<string, string>, signal } as RequestOptions
      return new Promise((resolve, reject) => {
        const asked = request(String(input), options, (answer) => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk: string) => {
            text += chunk
          })
          answer.on('end', () => {
            try {
              resolve(responseOf(answer.statusCode ?? 0, answer.headers, text))
            } catch (error) {
              // A status that HTTP does not have.
              reject(error)
            }
          })
          answer.on('error', reject)
        })
        asked.on('socket', (socket) => socket.unref())
        asked.on('error', reject)
        asked.end(body as string | undefined)
        // In Deno a request that was given up may hold its place, and all that come after would wait behind it. Its end
        // has begun, and is left its turn.
        signal?.addEventListener('abort', () => {
          setTimeout(agent.destroy.bind(agent))
          agent = newAgent()
        })
      })
    },
    close: () => agent.destroy(),
  }
}

function responseOf(
  status: number,
  { 'content-type': type, 'retry-after': after, location }: NodeJS.Dict<string | string[]>,
  text: string,
): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries({ 'content-type': type, 'retry-after': after, location }))
    if (typeof value === 'string') headers.set(name, value)
  return new Response(status === 204 || status === 304 ? null : text, { status, headers })
}
