export type Settings = { readonly LATCHKEY_URL: string; readonly LATCHKEY_API_KEY: string }

type Answered = Record<'id' | 'key' | 'token' | 'userId', string>

/** One call of the service by its API, with the key of the settings. */
export async function callApi(
  { LATCHKEY_URL, LATCHKEY_API_KEY }: Settings,
  method: string,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const response = await fetch(`${LATCHKEY_URL}${path}`, {
    method,
    headers: { 'x-api-key': LATCHKEY_API_KEY, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return JSON.parse((await response.text()) || '{}')
}
