/** The types of the console, which are those of a browser. Where its packages are not installed there is nothing to check. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))

if (!existsSync(at('../../node_modules/@mantine/core/package.json'))) {
  console.log('The console is not checked: its packages are not installed. npm ci brings them.')
} else {
  for (const project of ['.', 'test']) {
    const { status } = spawnSync(at('../../node_modules/.bin/tsc'), ['--noEmit', '-p', at(project)], {
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(1)
  }
}
