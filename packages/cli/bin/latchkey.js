#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Plain JavaScript on purpose: it must be able to speak on a Node that cannot run the rest.
const NODE_MAJOR_MIN = 24
const major = Number(process.versions.node.split('.')[0])

if (major < NODE_MAJOR_MIN) {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  // Its own install script fetches it.
  const isThere = ['node', 'node.exe'].some((name) => existsSync(join(root, 'node_modules/node/bin', name)))
  process.stderr.write(
    `latchkey: this is Node ${process.versions.node}, and Node ${NODE_MAJOR_MIN} or newer is needed: ` +
      (isThere
        ? 'run it through npm (npm start, npx latchkey), which uses the Node that the project brings along.\n'
        : 'the one that the project brings along is missing, as after npm ci --ignore-scripts. ' +
          `Fetch it: npm rebuild node --prefix '${root}', then start again.\n`),
  )
  process.exit(1)
}

// Whatever this program writes, the store above all, is for its own user only.
process.umask(0o077)

// Half of a start is compiling what was compiled the last time. Beside the installed packages, not in the shared
// temporary directory, where others could put code of theirs; without a right to write there, nothing is kept.
module.enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/latchkey', import.meta.url)))

try {
  const { run } = await import('../src/main.ts')
  await run(process.argv)
} catch (error) {
  const missing = error.code === 'ERR_MODULE_NOT_FOUND' ? /'([^']+)'/.exec(error.message)?.[1] : undefined
  if (missing === undefined) throw error
  process.stderr.write(
    `latchkey: ${missing} is missing, so that this checkout is not whole: npm ci installs the packages it needs, ` +
      'and git status names the files of its own that are gone.\n',
  )
  process.exit(1)
}
