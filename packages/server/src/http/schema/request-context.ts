import type { OperationId } from '@latchkey/contract/operations'
import { formatAddress } from '@latchkey/core/address'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { Actor, Principal } from '@latchkey/core/principal'
import type { Requester } from '../../changes/requester.ts'
import type { JsonBody } from '../wire/body.ts'
import { type Incoming, urlOf } from '../wire/incoming.ts'
import { headerValues } from '../wire/raw-headers.ts'
import { requestOrigin } from '../wire/request-origin.ts'
import { parseTarget } from '../wire/request-target.ts'
import type { Context } from './context.ts'

/** What a handler is told of a request whose query and body were held against the schemas of its operation. */
export function contextOf<Id extends OperationId>(request: Incoming, read: Read): Context<Id> {
  // The table's schemas were checked just now: this is the one place where untrusted turns into typed.
  return new RequestContext(request, read) as unknown as Context<Id>
}

/** What was read of the request, and what its operation asks of whoever sent it. */
type Read = {
  readonly query: unknown
  readonly body: JsonBody | undefined
  readonly publicUrl: string | null
  /** Throws AppError `missing_permission`. */
  readonly assertPermitted: (principal: Principal, request: Incoming) => void
  readonly admitAgain: () => MaybePromise<void>
  readonly elementText: (element: unknown) => string
}

const NO_BYTES = Buffer.alloc(0)

/** A class, so that what few operations need is made when it is asked for, and costs the others nothing. */
class RequestContext {
  readonly requestId
  readonly address
  readonly principal
  readonly params
  readonly query
  readonly body
  readonly bodyBytes
  readonly admitAgain
  readonly elementText
  readonly #request
  readonly #publicUrl
  readonly #assertPermitted

  constructor(request: Incoming, read: Read) {
    const { query, body, publicUrl, assertPermitted, admitAgain, elementText } = read
    this.requestId = request.requestId
    this.address = request.address
    this.principal = request.principal
    this.params = request.params
    this.query = query
    this.body = body?.value
    this.bodyBytes = body?.bytes ?? NO_BYTES
    this.admitAgain = admitAgain
    this.elementText = elementText
    this.#request = request
    this.#publicUrl = publicUrl
    this.#assertPermitted = assertPermitted
  }

  /** Only asked for where somebody was authenticated. */
  get requester(): Requester {
    const request = this.#request
    const { principal, address } = request
    if (principal === undefined) throw new Error('nobody was authenticated')
    const assertPermitted = (again: Principal) => this.#assertPermitted(again, request)
    return { actor: actorOf(request), principal, address, assertPermitted }
  }

  get actor(): Actor {
    return actorOf(this.#request)
  }

  get method(): string {
    return this.#request.raw.method ?? ''
  }

  /** A trailing slash is the same resource, and so is the absolute form, whatever host it names (RFC 9112 §3.2.2). */
  get path(): string {
    const path = parseTarget(urlOf(this.#request))?.path ?? '/'
    return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  }

  get origin(): string {
    return requestOrigin(this.#request)
  }

  get baseUrl(): string {
    return this.#publicUrl ?? this.origin
  }

  /** A client that has closed its side has left, or will ask again. */
  isWanted(): boolean {
    const { socket } = this.#request.raw
    return !socket.destroyed && !socket.readableEnded
  }

  header(name: string): string[] {
    return headerValues(this.#request.raw, name)
  }
}

export function actorOf({ principal, address, requestId }: Incoming): Actor {
  return {
    type: principal?.type ?? 'none',
    id: principal?.id ?? null,
    userId: principal?.userId ?? null,
    address: address === undefined ? null : formatAddress(address),
    requestId,
  }
}
