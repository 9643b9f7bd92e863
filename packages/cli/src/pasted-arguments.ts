import { isRepeatable } from '@latchkey/core/repeatable'
import { scrubSecrets } from '@latchkey/core/scrub-secrets'

/**
 * The message without the arguments that may be a secret pasted in a wrong place: what a command line is refused with
 * is kept by terminals and by whatever runs the command.
 */
export function withoutPasted(message: string, args: readonly string[]): string {
  const longestFirst = args.filter((arg) => !isShown(arg)).toSorted((a, b) => b.length - a.length)
  const bare = longestFirst.reduce((text, arg) => text.replaceAll(arg, () => inPlaceOf(arg)), message)
  return scrubSecrets(bare)
}

const OPTION = /^--[a-z]{1,20}(?:-[a-z]{1,20}){0,3}(?==|$)/

const isShown = (arg: string): boolean =>
  arg.startsWith('--') && arg.includes('=') ? false : isRepeatable(arg) || OPTION.test(arg)

/** The name of an option is shown without its value. */
function inPlaceOf(arg: string): string {
  const [name] = OPTION.exec(arg) ?? []
  return name === undefined ? '(not repeated: it may be a secret)' : `${name}=…`
}
