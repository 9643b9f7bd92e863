import { AppError } from '@latchkey/core/error'

/** A person has to decide: whoever asks again in a second only waits in vain. */
const RETRY_SECONDS = 60

/**
 * The store was restored or replaced, and its operator has not accepted it: nothing is read or written in it but by
 * commands that look at it.
 */
export class NotAcceptedError extends AppError {
  constructor(detail: string) {
    super('unavailable', detail, { retryAfterSeconds: RETRY_SECONDS })
  }
}

export const NOT_ACCEPTED =
  'The store is not the one this service knew: it was restored or replaced. The operator has to accept it: latchkey restore --accept.'
