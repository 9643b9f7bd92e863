import type { Handler } from '../context.ts'

export const getHealth: Handler<'getHealth'> = () => ({ body: { status: 'ok' } })
