import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import type { Running } from './running.ts'
import type { BenchStore } from './stores.ts'

/** A client credentials grant by the store's own key. */
export function grantRequest({ key }: BenchStore): Buffer {
  return requestText('POST', '/oauth/token', {
    body: `grant_type=client_credentials&client_id=${key.id}&client_secret=${key.secret}`,
  })
}

export async function grantToken(server: Running, store: BenchStore): Promise<string> {
  const { status, body } = await ask(server.port, grantRequest(store))
  if (status !== 200) throw new Error(`the grant was answered ${status}: ${body}`)
  return (JSON.parse(body) as { access_token: string }).access_token
}
