import type { ConsoleSession, ConsoleSetup } from '@latchkey/contract/schemas/console'
import type { Me } from '@latchkey/contract/schemas/session'
import { type Acting, acting } from './acting.ts'
import { forgetLists, takeVisit } from './early.ts'
import { meQuery } from './queries.ts'
import { queryClient } from './query-client.ts'
import { request } from './request.ts'
import { sessionPhase, sessionUser } from './session.ts'

/** Tells the other tabs of this browser: they share the cookie. */
const tabs = new BroadcastChannel('latchkey.session')
tabs.onmessage = ({ data }) => {
  if (data === 'out') leave()
  else if (data === 'in') void lookWhoIsIn()
}

/** Whether somebody is signed in, as far as the service is concerned. */
export async function lookWhoIsIn(): Promise<void> {
  try {
    // Asked first, so that a newcomer's browser has no refusal to write down.
    const visit = await takeVisit()
    if (visit === undefined && sessionPhase.get() === 'unknown') return sessionPhase.set('out')
    const before = sessionUser.get()?.id
    // Somebody else signed in, here or in another tab: what the first saw is gone, and what it asked is not done.
    if (visit !== undefined && before !== undefined && before !== visit.me.userId) leave()
    const isActing = acting.get() !== undefined
    const me = visit === undefined || isActing ? (await request<Me>('GET', '/me')).body : visit.me
    queryClient.setQueryData(meQuery.queryKey, me)
    if (visit !== undefined) sessionUser.set({ id: me.userId, name: visit.name })
    sessionPhase.set('in')
  } catch (error) {
    if (sessionPhase.get() === 'unknown') {
      // A company that is acted for may be gone; what is left is one's own.
      if (acting.get() !== undefined) {
        acting.set(undefined)
        return lookWhoIsIn()
      }
      sessionPhase.set('out')
    }
    throw error
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  await request<ConsoleSession>('POST', '/console/session', { body: { username, password } })
  await lookWhoIsIn()
  tabs.postMessage('in')
}

export async function setUp(body: ConsoleSetup): Promise<void> {
  await request<ConsoleSession>('POST', '/console/setup', { body })
  await lookWhoIsIn()
}

export async function renew(): Promise<ConsoleSession> {
  return (await request<ConsoleSession>('PUT', '/console/session')).body
}

/** `everywhere`: in every browser, and every program that signed in as this user. */
export async function signOut(everywhere: boolean): Promise<void> {
  await request('DELETE', everywhere ? '/console/sessions' : '/console/session')
  tabs.postMessage('out')
  leave()
}

/** From now on this tab acts for a company; undefined: for one's own. Nothing that was shown of another stays. */
export async function actFor(company: Acting | undefined): Promise<void> {
  acting.set(company)
  // Who is signed in stays known meanwhile: every page asks for it.
  void queryClient.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] })
  await queryClient.fetchQuery({ ...meQuery, staleTime: 0 })
}

/** Nothing of what was shown stays in this tab. */
export function leave(): void {
  acting.set(undefined)
  queryClient.clear()
  forgetLists()
  sessionUser.set(undefined)
  sessionPhase.set('out')
}
