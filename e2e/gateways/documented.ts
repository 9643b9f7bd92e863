import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const DOCUMENTED = join(import.meta.dirname, '../../docs/use/gateways')

/** The path of a file of the documentation. */
export const documentedFile = (name: string): string => join(DOCUMENTED, name)

/**
 * A documented configuration as a reader would change it: each text replaced wherever it stands. Throws when
 * one is not there, so that a test cannot quietly run something else.
 */
export function readDocumented(name: string, changes: Readonly<Record<string, string>>): string {
  let text = readFileSync(documentedFile(name), 'utf8')
  for (const [found, replacement] of Object.entries(changes)) {
    if (!text.includes(found)) throw new Error(`${name} does not say ${found}`)
    text = text.replaceAll(found, replacement)
  }
  return text
}

/** What the page says of something in front of the gateway, with its address. Throws where the page does not say it. */
export function documentedInFront(text: string, address: string): string {
  const page = readFileSync(join(DOCUMENTED, '../gateways.md'), 'utf8')
  if (!page.includes(text)) throw new Error(`gateways.md does not say ${text}`)
  return text.replaceAll('192.0.2.9', address)
}
