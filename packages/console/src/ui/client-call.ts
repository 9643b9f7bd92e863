import type { RequestOptions } from '../api/request.ts'

export type Asked = {
  readonly method: string
  readonly path: string
  readonly query?: RequestOptions['query'] | undefined
  readonly body?: unknown
  /** The company that is acted for. */
  readonly companyId: string | undefined
  /** For each of these, one after the other; `path` has `:id` where it belongs. */
  readonly ids?: readonly string[] | undefined
}

/** Methods of @latchkey/client by what they ask; `:id` is their first argument. */
const METHODS: Readonly<Record<string, string>> = {
  'GET /keys': 'keys.list',
  'POST /keys': 'keys.create',
  'GET /keys/:id': 'keys.get',
  'PATCH /keys/:id': 'keys.update',
  'DELETE /keys/:id': 'keys.delete',
  'POST /keys/:id/rotation': 'keys.rotate',
  'PATCH /keys/:id/rotation': 'keys.updateRotation',
  'DELETE /keys/:id/rotation': 'keys.cancelRotation',
  'GET /users': 'users.list',
  'POST /users': 'users.create',
  'PATCH /users/:id': 'users.update',
  'DELETE /users/:id': 'users.delete',
  'POST /users/:id/invitation': 'users.invite',
  'GET /companies': 'companies.list',
  'POST /companies': 'companies.create',
  'PATCH /companies/:id': 'companies.update',
  'GET /audit': 'audit.list',
  'GET /usage': 'usage',
  'GET /me': 'me',
}

/** A call as @latchkey/client makes it; undefined: it has no method for that. */
export function clientCallOf({ method, path, query, body, companyId, ids }: Asked): string | undefined {
  const [, area = '', id, ...rest] = path.split('/')
  const pattern = [area, ...(id === undefined ? [] : [':id']), ...rest].join('/')
  const name = METHODS[`${method} /${pattern}`]
  if (name === undefined) return undefined
  const input = method === 'GET' ? definedOf(query) : body
  const first = ids === undefined ? `'${id}'` : 'id'
  const given = [...(id === undefined ? [] : [first]), ...(input === undefined ? [] : [textOf(input)])]
  // What a method takes besides comes last, after what it takes first.
  const isBare = input === undefined && companyId !== undefined && TAKES_INPUT.test(name)
  const options = companyId === undefined ? [] : [...(isBare ? ['{}'] : []), textOf({ companyId })]
  const call = `await latchkey.${name}(${[...given, ...options].join(', ')})${name.endsWith('.list') ? '.page()' : ''}`
  return [
    `import { Latchkey } from '@latchkey/client'`,
    '',
    'const latchkey = new Latchkey()',
    ids === undefined
      ? call
      : `for (const id of [${ids.map((each) => `'${each}'`).join(', ')}]) {\n${indented(call)}\n}`,
  ].join('\n')
}

export const indented = (text: string): string => text.replace(/^/gm, '  ')

const TAKES_INPUT = /\.(?:list|create|update|rotate)$|^usage$/

function definedOf(query: RequestOptions['query'] = {}): object | undefined {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** As people write an object: names without quotes. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(/^( *)"([A-Za-z_$][\w$]*)":/gm, '$1$2:')
