import { chmodSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Lets everybody read what is shipped, and only its owner write, whatever the umask of whoever builds it: the service
 * runs as a user of its own, and archives keep modes.
 */
export function setModes(tree: string): void {
  chmodSync(tree, 0o755)
  for (const path of readdirSync(tree, { recursive: true, encoding: 'utf8' })) {
    const found = statSync(join(tree, path))
    chmodSync(join(tree, path), found.isDirectory() || (found.mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
}
