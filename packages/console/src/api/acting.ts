import { createStore, type Store } from './store.ts'

/** The company for which somebody of the operator acts in this tab. */
export type Acting = { readonly id: string; readonly name: string }

const NAME = 'latchkey.acting'

/** Kept over a reload, for this tab only. */
export const acting: Store<Acting | undefined> = createStore(restored())
acting.subscribe(() => {
  const company = acting.get()
  if (company === undefined) sessionStorage.removeItem(NAME)
  else sessionStorage.setItem(NAME, JSON.stringify(company))
})

function restored(): Acting | undefined {
  try {
    const { id, name } = JSON.parse(sessionStorage.getItem(NAME) ?? '') as Partial<Acting>
    return typeof id === 'string' && typeof name === 'string' ? { id, name } : undefined
  } catch {
    return undefined
  }
}
