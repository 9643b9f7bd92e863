import type { OperationId } from '@latchkey/contract/operations'
import { BODY_BYTES_MAX } from '@latchkey/contract/operations/operation'

/** The costliest that can be asked of an operation, and what it is answered. */
export type WorstRequest = {
  readonly operation: OperationId | 'oauth' | 'gateway' | 'page' | 'none'
  readonly what: string
  readonly status: number
  next(): Buffer
}

/** The same before it is text. */
export type Asked = Pick<WorstRequest, 'operation' | 'what' | 'status'> & {
  readonly method?: string
  readonly path: string | (() => string)
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is. */
  readonly text?: string | (() => string)
  readonly type?: string
}

export const get = (operation: Asked['operation'], path: string, what: string, status = 200): Asked => ({
  operation,
  what,
  status,
  path,
})

export const post = (
  operation: Asked['operation'],
  path: string,
  what: string,
  status: number,
  text: string,
): Asked => ({ operation, what, status, method: 'POST', path, text })

/** As often as fits into the largest body. */
export const fill = (piece: string, taken = 200, bytesMax = BODY_BYTES_MAX) =>
  piece.repeat(Math.floor((bytesMax - taken) / piece.length))

let count = 0
/** Another one each time. */
export const fresh = () => String(++count)
