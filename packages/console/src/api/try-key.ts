import type { Problem } from '@latchkey/contract/schemas/problem'
import type { Me } from '@latchkey/contract/schemas/session'
import { ConnectionError } from './api-error.ts'
import { basePath } from './base.ts'

/** What became of a call with a key: from where the service saw it, or why it was refused. */
export type Tried = { readonly address: string | null } | { readonly refusal: string }

/** One call with a key, as a program would make it: without the session. Throws ConnectionError. */
export async function tryKey(secret: string): Promise<Tried> {
  try {
    const response = await fetch(`${basePath}/me`, {
      headers: { accept: 'application/json', 'x-api-key': secret },
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
    })
    const answer: unknown = await response.json()
    return response.ok ? { address: (answer as Me).address } : { refusal: (answer as Problem).detail }
  } catch {
    throw new ConnectionError()
  }
}
