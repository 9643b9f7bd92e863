import { settings } from '@latchkey/server/settings'

/** Every setting with its default, for people in a terminal. */
export function describeSettings(): string {
  const lines = Object.values(settings).map(({ name, fallback, description }) => {
    const shown = fallback === '' ? '' : ` (default ${fallback})`
    return `  ${name}${shown}\n      ${description}`
  })
  return `\nSettings, from the environment only:\n${lines.join('\n')}\n`
}
