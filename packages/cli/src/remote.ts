import type { Latchkey } from '@latchkey/client'
import { Option } from 'commander'

/** Where a command that goes over the network goes; it may be left out where the command works on the server itself too. */
export function urlOption(): Option {
  const option = new Option(
    '--url <address>',
    'the service to ask over the network, with the key in LATCHKEY_API_KEY',
  )
  return option.env('LATCHKEY_URL')
}

/** Whether a service is named: set to nothing is not set. */
export const isNamed = (url: string | undefined): url is string => url !== undefined && url !== ''

/** Said in the help of each command that has both ways. */
export const BOTH_WAYS =
  '\nWith LATCHKEY_URL or --url it asks that service, as whoever LATCHKEY_API_KEY is; without, it works on the store of this machine.\n'

/** A client of the service at `url`; undefined: LATCHKEY_URL. Throws LatchkeyError that says what is missing. */
export async function connect(url: string | undefined): Promise<Latchkey> {
  const { Latchkey } = await import('@latchkey/client')
  return new Latchkey({ userAgent: 'latchkey-cli', ...(isNamed(url) ? { url } : {}) })
}
