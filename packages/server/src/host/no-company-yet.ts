import { AppError } from '@latchkey/core/error'

/** Of a store that has its tables, as `latchkey migrate` makes them, and nothing in them. */
export const noCompanyYet = (): AppError =>
  new AppError(
    'company_not_found',
    'This store has no company yet: latchkey serve makes the first, with its admin key.',
  )
