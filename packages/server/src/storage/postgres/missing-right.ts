import { AppError } from '@latchkey/core/error'
import { isRightMissing } from './errors.ts'

/** What to do about a role without the rights that the service needs. */
export const GRANT_RIGHTS =
  'let the user own the database, or, as its owner, run latchkey migrate and then the GRANT and REVOKE of ' +
  'docs/operate/fleet.md'

/** A person has to decide: whoever asks again in a second only waits in vain. */
const RETRY_SECONDS = 60

/** The role may not do what the service has to do. Which table it is about is the operator's to know: `message`. */
class MissingRightError extends AppError {
  constructor(cause: Error) {
    super('unavailable', 'The database refuses the service a right that it needs: see its log.', {
      retryAfterSeconds: RETRY_SECONDS,
      cause,
    })
    this.message = `The database refuses a right that the service needs (${cause.message}): ${GRANT_RIGHTS}.`
  }
}

/** `cause` names what is missing. */
export const missingRight = (cause: Error): AppError => new MissingRightError(cause)

/** An error of the driver that says so, as one that says what to do; every other as it is. */
export const explainRight = (error: unknown): unknown =>
  isRightMissing(error) ? new MissingRightError(error) : error
