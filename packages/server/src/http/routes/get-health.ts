import type { Handler } from '../schema/context.ts'

export const getHealth: Handler<'getHealth'> = () => ({ body: { status: 'ok' } })
