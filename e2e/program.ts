import { resolve } from 'node:path'

/** The launcher, as a person starts it: of the package that was built for these tests, or the one that was named. */
export const LATCHKEY = launcher()

/** What runs it: the Node of the project, or the one that E2E_NODE names. `npm run test:dist -- --node 26` names one. */
export const NODE = process.env.E2E_NODE ?? process.execPath

function launcher(): string {
  const { E2E_PROGRAM } = process.env
  if (E2E_PROGRAM === undefined) throw new Error('package-setup.ts names the program that is tested')
  return resolve(E2E_PROGRAM)
}
