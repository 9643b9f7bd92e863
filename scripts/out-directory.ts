import { resolve } from 'node:path'

/** Where a build goes: some of its steps run in other directories, so that a relative name would mean another there. */
export function outDirectory(given: string | undefined, otherwise: string): string {
  if (given === '') throw new Error('--out is empty: is the variable set?')
  return resolve(given ?? otherwise)
}
