import { presentMe } from '../present/present-me.ts'
import type { Handler } from '../schema/context.ts'

export const getMe: Handler<'getMe'> = (_deps, { principal, address, requestId }) => ({
  body: presentMe(principal, { address, requestId }),
})
