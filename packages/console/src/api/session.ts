import { createStore, type Store } from './store.ts'

/**
 * `unknown`: not asked yet. `out`: nobody is signed in. `in`: somebody is. `ended`: somebody was, and what they were
 * doing waits on the page until they sign in again.
 */
export type SessionPhase = 'unknown' | 'out' | 'in' | 'ended'

export const sessionPhase: Store<SessionPhase> = createStore<SessionPhase>('unknown')

type SessionUser = { readonly id: string; readonly name: string }

/** Whose session it is. Nothing that one of them saw or typed is the next one's. */
export const sessionUser: Store<SessionUser | undefined> = createStore<SessionUser | undefined>(undefined)

/** Answers when somebody is signed in again; false: they left instead. */
export function untilResumed(): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = sessionPhase.subscribe(() => {
      const phase = sessionPhase.get()
      if (phase === 'ended') return
      stop()
      resolve(phase === 'in')
    })
  })
}
