import { rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '@latchkey/core/error'
import type { Config, ConsoleLink, Services } from '@latchkey/server'
import { commandName } from './command-name.ts'

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
export async function consoleLine(
  link: PreparedLink,
  url: string,
  config: Pick<Config, 'dataDir'>,
): Promise<string> {
  if (link === 'absent') return 'not built: this install left out development packages (npm ci brings it)'
  if (link === undefined) return `${url}/console`
  const text = consoleUrl(url, link)
  if (process.stdout.isTTY) return `${text}  (opens once, within 30 minutes)`
  return `${url}/console  (${await keepLink(text, config)})`
}

/** Says where the link is, or how another is made: a service in a container may have no place for a file. */
async function keepLink(text: string, { dataDir }: Pick<Config, 'dataDir'>): Promise<string> {
  const { prepareDataDir } = await import('@latchkey/server')
  const file = resolve(dataDir, 'console.link')
  try {
    // With a database server there may be none yet.
    prepareDataDir(dataDir)
    // Anew, so that its mode is the one below, and so that a link that somebody has put there leads nowhere.
    rmSync(file, { force: true })
    writeFileSync(file, `${text}\n`, { mode: 0o600, flag: 'wx' })
    return `the link that opens it, within 30 minutes, is in ${file}`
  } catch {
    return `${file} cannot be written; ${commandName()} console-link prints the link that opens it`
  }
}

/** In the fragment, which browsers send nowhere: no log has it. */
export const consoleUrl = (url: string, { token }: ConsoleLink): string =>
  `${url.replace(/\/$/, '')}/console/#setup=${token}`
