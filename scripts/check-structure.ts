import { fileURLToPath } from 'node:url'
import { checkBudget, measure } from './structure/budget.ts'
import { checkCycles } from './structure/cycles.ts'
import { checkHabits } from './structure/habits.ts'
import { checkNames } from './structure/names.ts'
import { readSources } from './structure/source.ts'
import { formatViolation, type Violation } from './structure/violation.ts'
import { checkWalls } from './structure/walls.ts'

/** Everything in the tree that breaks a rule of scripts/structure, by path and line. */
export function checkStructure(root: string): Violation[] {
  const files = readSources(root)
  // A check that found nothing to look at must not look like one that found nothing wrong.
  if (files.length === 0) {
    return [
      {
        path: root,
        line: 1,
        rule: 'empty',
        text: root,
        mend: 'no source file found: is this the repository?',
      },
    ]
  }
  const checks = [checkWalls, checkCycles, checkHabits, checkNames, checkBudget]
  return checks
    .flatMap((check) => check(files))
    .sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
}

function summary(root: string): string {
  const { files, medianLines, longest } = measure(readSources(root))
  return `structure: ${files} files, median ${medianLines} lines, longest ${longest?.path} (${longest?.lines.length})`
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const violations = checkStructure(root)
  for (const violation of violations) console.error(formatViolation(violation))
  if (violations.length > 0) process.exitCode = 1
  else console.log(summary(root))
}
