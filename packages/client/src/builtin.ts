/**
 * A module of Node's own, as Bun and Deno have them too; undefined: there is none here. Not imported: a bundle for
 * elsewhere would not build.
 */
export const findCrypto = () => find<typeof import('node:crypto')>('node:crypto')
export const findHttp = () => find<typeof import('node:http')>('node:http')
export const findHttps = () => find<typeof import('node:https')>('node:https')

function find<Module>(name: string): Module | undefined {
  if (typeof process === 'undefined') return undefined
  try {
    return process.getBuiltinModule?.(name) as Module | undefined
  } catch {
    // Next's edge runtime shows the function, and throws whenever it is called.
    return undefined
  }
}
