import { execFileSync } from 'node:child_process'

/** What is compared with lies here, beside its own lock file, and is never a dependency of the service. */
export function installPeers(): void {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
