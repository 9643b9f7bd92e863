/**
 * A module of Node's own, as Bun and Deno have them too; undefined: there is none here. Not imported: a bundle for
 * elsewhere would not build.
 */
export const findCrypto = (): typeof import('node:crypto') | undefined => builtins()?.('node:crypto')
export const findHttp = (): typeof import('node:http') | undefined => builtins()?.('node:http')
export const findHttps = (): typeof import('node:https') | undefined => builtins()?.('node:https')

const builtins = (): NodeJS.Process['getBuiltinModule'] | undefined =>
  typeof process === 'undefined' ? undefined : process.getBuiltinModule
