import { join, resolve } from 'node:path'

/**
 * The launcher, as a person starts it: that of the source, or the one that E2E_PROGRAM names. `npm run test:dist` names
 * that of the package as it is installed.
 */
export const LATCHKEY = resolve(
  process.env.E2E_PROGRAM ?? join(import.meta.dirname, '../packages/cli/bin/latchkey.js'),
)
