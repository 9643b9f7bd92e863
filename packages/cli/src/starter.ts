import { readFileSync } from 'node:fs'

/** How soon a starter that is gone is noticed, twice over: see `untilStarterGone`. Milliseconds. */
const LOOK_MS = 500

export type Starter = {
  /** Resolves when it is gone; never where there is none, or the system does not tell (anything but Linux). */
  readonly gone: Promise<void>
  /** It may go. */
  forget(): void
}

/**
 * Watches over the npm (or pnpm, yarn, npx) that started this process: it does not pass on the signal that ends it, and
 * the service would stay behind on its port. What was started by a shell, a supervisor or a container's engine is not
 * watched: a script may end and mean the service to stay, and so may whoever put it into a session of its own (setsid).
 */
export function watchStarter(): Starter {
  const links = linksToStarter()
  let timer: NodeJS.Timeout | undefined
  const gone = new Promise<void>((resolve) => {
    if (links.length === 0) return
    let wasGone = false
    timer = setInterval(() => {
      const isGone = links.some(({ pid, parent }) => statOf(pid)?.parent !== parent)
      // Looked at twice: a hangup that ended it is on its way here too, and may say that this process is to stay.
      if (isGone && wasGone) resolve()
      wasGone = isGone
    }, LOOK_MS)
    timer.unref()
  })
  const forget = () => clearInterval(timer)
  return { gone: gone.then(forget), forget }
}

type Link = { readonly pid: number; readonly parent: number }

/** From this process to its starter, which runs a script with a shell in between. */
function linksToStarter(): Link[] {
  const own = statOf(process.pid)
  const parent = own === undefined ? undefined : statOf(own.parent)
  if (own === undefined || parent === undefined || parent.session !== own.session) return []
  const first = { pid: process.pid, parent: own.parent }
  return SHELLS.has(parent.name) ? [first, { pid: own.parent, parent: parent.parent }] : [first]
}

const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh', 'ksh'])

/** proc(5). The name stands in parentheses, and may hold some. */
const STAT = /^\d+ \((?<name>.*)\) \S (?<parent>\d+) \d+ (?<session>\d+) /s

function statOf(pid: number): { name: string; parent: number; session: number } | undefined {
  try {
    const found = STAT.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.groups
    if (found === undefined) return undefined
    return { name: found.name!, parent: Number(found.parent), session: Number(found.session) }
  } catch {
    return undefined
  }
}
