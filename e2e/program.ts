import { resolve } from 'node:path'

/** The launcher, as a person starts it: of the package that was built for these tests, or the one that was named. */
export const LATCHKEY = launcher()

function launcher(): string {
  const { E2E_PROGRAM } = process.env
  if (E2E_PROGRAM === undefined) throw new Error('package-setup.ts names the program that is tested')
  return resolve(E2E_PROGRAM)
}
