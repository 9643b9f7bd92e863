import { rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '@latchkey/core/error'
import type { Config, ConsoleLink, Services } from '@latchkey/server'

/** `absent`: the console is not built. */
export type PreparedLink = 'absent' | ConsoleLink | undefined

/**
 * A link for whoever starts the service and can open the console in no other way yet. Made where somebody reads it: at
 * a terminal, or at the first start, into a file. undefined: none is needed, or none can be made now.
 */
export async function prepareConsoleLink(services: Services, isFirst: boolean): Promise<PreparedLink> {
  const { isConsoleBuilt, makeConsoleLinkOnHost } = await import('@latchkey/server')
  if (!isConsoleBuilt()) return 'absent'
  if (!isFirst && !process.stdout.isTTY) return undefined
  try {
    return await makeConsoleLinkOnHost(services)
  } catch (error) {
    // What keeps the service from changing anything is told where it says that it is not ready.
    if (error instanceof AppError) return undefined
    throw error
  }
}

/** What the start says of the console. A link goes to the terminal, or to a file that only its owner reads. */
export function consoleLine(link: PreparedLink, url: string, config: Pick<Config, 'dataDir'>): string {
  if (link === 'absent') return 'not built: this install left out development packages (npm ci brings it)'
  if (link === undefined) return `${url}/console`
  const text = consoleUrl(url, link)
  if (process.stdout.isTTY) return `${text}  (opens once, within 30 minutes)`
  const file = resolve(config.dataDir, 'console.link')
  // Anew, so that its mode is the one below, and so that a link that somebody has put there leads nowhere.
  rmSync(file, { force: true })
  writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' })
  return `${url}/console  (the link that opens it, within 30 minutes, is in ${file})`
}

/** In the fragment, which browsers send nowhere: no log has it. */
export const consoleUrl = (url: string, { token }: ConsoleLink): string =>
  `${url.replace(/\/$/, '')}/console/#setup=${token}`
