/**
 * Loaded into the service before it starts, by NODE_OPTIONS: names are looked up in the file that NAMES_FILE names,
 * as if it were the DNS. It is read anew each time, as a name server is asked anew.
 */
import dns from 'node:dns'
import { readFileSync } from 'node:fs'

type Answer = (
  error: NodeJS.ErrnoException | null,
  address: string | dns.LookupAddress[],
  family: number,
) => void

const { lookup } = dns

function lookupInFile(hostname: string, options: dns.LookupOptions, answer: Answer): void {
  const names = JSON.parse(readFileSync(process.env.NAMES_FILE ?? '', 'utf8')) as Record<string, string>
  const address = names[hostname]
  if (address === undefined) {
    lookup(hostname, options, answer)
    return
  }
  const found = { address, family: 4 }
  process.nextTick(() =>
    options.all === true ? answer(null, [found], found.family) : answer(null, found.address, found.family),
  )
}

dns.lookup = lookupInFile as typeof dns.lookup
