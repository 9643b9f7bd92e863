import { readAnswer } from './answer.ts'
import { type Call, createCall, type WithResponse } from './call.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { ConnectionError } from './errors.ts'
import { assertCount, type CallOptions, invalid, type Settings } from './options.ts'
import { randomId } from './random-id.ts'
import { causeOf, isStale, pauseBefore, sayingOf } from './retry.ts'
import { type Operations, ROUTES } from './wire.ts'

/** A DELETE may rightly wait for a lease to end. */
const TIMEOUT_MS = 10_000

type OperationId = keyof Operations

type Input = {
  /** Of the path, in its order. */
  readonly ids?: readonly string[]
  readonly query?: object | undefined
  readonly body?: object | undefined
  readonly timeoutMs?: number
}

/** Makes one call of an operation. */
export type Transport = <Id extends OperationId>(
  id: Id,
  input: Input,
  options?: CallOptions,
) => Call<Operations[Id]['answer']>

/** Done twice they fail the second time, or concern what somebody has begun since. */
const ONCE: readonly OperationId[] = [
  'setPassword',
  'endSession',
  'renewSession',
  'updateRotation',
  'cancelRotation',
]

export function createTransport(settings: Settings): Transport {
  return <Id extends OperationId>(id: Id, input: Input, options: CallOptions = {}) =>
    createCall(run(settings, id, input, options) as Promise<WithResponse<Operations[Id]['answer']>>)
}

async function run(
  settings: Settings,
  id: OperationId,
  input: Input,
  options: CallOptions,
): Promise<WithResponse<unknown>> {
  const { method, path, isOpen } = ROUTES[id]
  const what = `${method} ${path}`
  assertCount('timeoutMs', options.timeoutMs, 1)
  assertCount('maxRetries', options.maxRetries, 0)
  const url = settings.url + pathOf(path, input.ids) + queryOf(input.query)
  const timeoutMs = options.timeoutMs ?? settings.timeoutMs ?? input.timeoutMs ?? TIMEOUT_MS
  const deadline = createDeadline(timeoutMs, options.signal, what)
  const headers = headersOf(settings, id, input, options)
  try {
    const answered = withRetries(
      options.maxRetries ?? settings.maxRetries,
      !ONCE.includes(id),
      deadline,
      async () => {
        const authorized = await authorize(settings, isOpen, headers)
        // A function that gives no key in time has made no call.
        deadline.check()
        const body = input.body === undefined ? {} : { body: JSON.stringify(input.body) }
        const response = await attempt(settings, url, { method, headers: authorized, ...body }, deadline)
        return { data: readAnswer(response, what), response: response.response }
      },
    )
    // Not every fetch hears of its signal, nor does every function that gives a key.
    return await deadline.within(answered)
  } finally {
    deadline.close()
  }
}

async function withRetries<T>(
  retriesMax: number,
  isRepeatable: boolean,
  deadline: Deadline,
  work: () => Promise<T>,
): Promise<T> {
  let wasStale = false
  for (let retry = 0; ; ) {
    deadline.check()
    try {
      return await work()
    } catch (error) {
      deadline.check(error)
      // Most often a connection kept from an earlier call. It says nothing of the service, and costs no retry, once.
      if (isRepeatable && !wasStale && isStale(error)) {
        wasStale = true
        continue
      }
      const pauseMs = retry < retriesMax ? pauseBefore(error, retry, isRepeatable) : undefined
      if (pauseMs === undefined || pauseMs >= deadline.leftMs()) throw error
      retry += 1
      await deadline.pause(pauseMs)
    }
  }
}

async function attempt(
  { fetch, url: base }: Settings,
  url: string,
  init: RequestInit,
  { signal }: Deadline,
): Promise<{ response: Response; text: string }> {
  try {
    // A redirect is not followed: it would take the key elsewhere.
    const response = await fetch(url, { ...init, signal, redirect: 'manual' })
    return { response, text: response.status === 204 ? '' : await response.text() }
  } catch (error) {
    throw new ConnectionError(
      `No answer from ${base} (${reasonOf(error)}): is the service running, and is url right?`,
      error,
    )
  }
}

function reasonOf(error: unknown): string {
  const { message, code } = causeOf(error) ?? sayingOf(error)
  return message || code || 'unknown'
}

function pathOf(path: string, ids: readonly string[] = []): string {
  let index = 0
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[index++]
    if (typeof id !== 'string' || id === '' || id === '.' || id === '..')
      throw invalid(`${name} is missing: pass the id.`)
    return encodeURIComponent(id)
  })
}

function queryOf(query: object | undefined): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null)
  return pairs.length === 0
    ? ''
    : `?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)]))}`
}

function headersOf(
  settings: Settings,
  id: OperationId,
  { body }: Input,
  { idempotencyKey, companyId, headers }: CallOptions,
): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': settings.userAgent,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    // One for all tries, and never logged: with it the answer could be asked for again.
    ...(ROUTES[id].isCreating ? { 'idempotency-key': idempotencyKey ?? randomId() } : {}),
    ...(companyId === undefined ? {} : { 'x-company-id': companyId }),
    ...settings.headers,
    ...headers,
  }
}

async function authorize(
  { credential }: Settings,
  isOpen: true | undefined,
  headers: Record<string, string>,
): Promise<Record<string, string>> {
  const text = isOpen ? null : await credential()
  if (text === null) return headers
  // A token has three parts between dots; a key has none.
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)
    ? { ...headers, authorization: `Bearer ${text}` }
    : { ...headers, 'x-api-key': text }
}
