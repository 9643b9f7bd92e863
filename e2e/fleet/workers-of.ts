import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** The processes that do the work of a service. Linux only. */
export function workersOf({ child }: { readonly child: Pick<ChildProcess, 'pid'> }): number[] {
  return readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
}
