import type { Handler } from '../schema/context.ts'

export const getReadiness: Handler<'getReadiness'> = async ({ engine, readiness }) => {
  const unready = await readiness()
  if (unready !== undefined) throw unready
  return { body: { status: 'ready', store: engine.store } }
}
