import { findFunctions } from './functions.ts'
import { LIMITS, PRINTED } from './rules.ts'
import { lineAt, type SourceFile, violationOnLine } from './source.ts'
import type { Violation } from './violation.ts'

export type Size = {
  readonly files: number
  readonly medianLines: number
  readonly longest: SourceFile | undefined
}

/** How long files and functions are. */
export function checkBudget(files: readonly SourceFile[]): Violation[] {
  const { medianLines } = measure(files)
  const mend = `the median of the source files is ${medianLines} lines, over ${LIMITS.medianFileLines}: split the longest`
  const text = `${files.length} files`
  const median: Violation[] =
    medianLines > LIMITS.medianFileLines ? [{ path: 'packages', line: 1, rule: 'size', text, mend }] : []
  return [...median, ...files.flatMap((file) => [...checkLength(file), ...checkFunctions(file)])]
}

/** The median and the longest of what is not for tests. */
export function measure(files: readonly SourceFile[]): Size {
  const sources = files.filter((file) => !file.isForTests).sort((a, b) => a.lines.length - b.lines.length)
  const upper = sources[Math.floor(sources.length / 2)]?.lines.length ?? 0
  const lower = sources[Math.floor((sources.length - 1) / 2)]?.lines.length ?? 0
  return { files: files.length, medianLines: (lower + upper) / 2, longest: sources.at(-1) }
}

function checkLength(file: SourceFile): Violation[] {
  if (PRINTED.includes(file.path)) return []
  const linesMax = file.isTest ? LIMITS.testFileLines : LIMITS.fileLines
  if (file.lines.length <= linesMax) return []
  const mend = `${file.lines.length} lines, over ${linesMax}: find the second noun in it and give it a file`
  return [violationOnLine(file, linesMax + 1, 'size', mend)]
}

/** A test's `describe` is a list, not a function to be understood at once; tests answer for their length only. */
function checkFunctions(file: SourceFile): Violation[] {
  if (file.isTest) return []
  return findFunctions(file.code).flatMap(({ start, end }) => {
    const line = lineAt(file.code, start)
    const lines = lineAt(file.code, end) - line + 1
    if (lines <= LIMITS.functionLines) return []
    const mend = `a function of ${lines} lines, over ${LIMITS.functionLines}: name its steps and call them`
    return [violationOnLine(file, line, 'size', mend)]
  })
}
