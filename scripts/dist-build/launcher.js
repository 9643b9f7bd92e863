#!/usr/bin/env node
import { statSync } from 'node:fs'
import module from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Becomes bin/latchkey.js of the package. It must be able to speak on a Node that cannot run the rest, and where the
// rest is not whole.
const NODE_MAJOR_MIN = 24
/** What the build put beside it: names and bytes. */
const FILES = {}

const root = fileURLToPath(new URL('..', import.meta.url))
const found = faultOf(root)
if (found !== undefined) {
  process.stderr.write(`latchkey: ${found}\n`)
  process.exit(1)
}

// Whatever this program writes, the store above all, is for its own user only.
process.umask(0o077)

// Half of a start is compiling what was compiled the last time. Beside the installed packages, not in the shared
// temporary directory, where others could put code of theirs; without a right to write there, nothing is kept.
const packages = dirname(root)
if (basename(packages) === 'node_modules') module.enableCompileCache(join(packages, '.cache/latchkey'))

const { run } = await import('../lib/main.js')
await run(process.argv)

/** What keeps it from running, in one sentence; undefined: nothing. */
function faultOf(directory) {
  const { node } = process.versions
  if (Number(node.split('.')[0]) < NODE_MAJOR_MIN) {
    return (
      `this is Node ${node}, and Node ${NODE_MAJOR_MIN} or newer is needed: install one from https://nodejs.org, or ` +
      // Without the first half, npm 12 leaves out the script that fetches it.
      `one beside this package with npm pkg set allowScripts.node=true --json && npm install node@${NODE_MAJOR_MIN}, which npx latchkey then uses.`
    )
  }
  for (const [name, bytes] of Object.entries(FILES)) {
    const file = join(directory, name)
    const state = stateOf(file)
    if (state === bytes) continue
    const fault = typeof state === 'string' ? state : `has ${state} of its ${bytes} bytes`
    return `${file} ${fault}, so that this package is not whole (an install that was cut short, or a full disk): install it again.`
  }
  return undefined
}

/** The bytes of a file, or why there are none. */
function stateOf(file) {
  try {
    return statSync(file).size
  } catch (error) {
    return error.code === 'ENOENT' ? 'is missing' : `cannot be read (${error.code})`
  }
}
