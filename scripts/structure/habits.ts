import { packageOf, placeOf } from './places.ts'
import { AMBIENT, DEFAULT_EXPORTERS, ENVIRONMENT_READERS } from './rules.ts'
import { type SourceFile, violationAt, violationOnLine } from './source.ts'
import type { Rule, Violation } from './violation.ts'

// What is quoted is spaces in masked code, so `process['env']` is told by its length.
const ENVIRONMENT =
  /(?<![\w$.])process\s*(?:\?\.|\.|\[)\s*(?:env\b|["'`] {3}["'`])|\benv\b[^={}]*\}\s*=\s*process\b(?!\s*[.?[])/g
/** A type position comes after one of these; `Promise.any(…)`, `{ any: … }` and `any(…)` do not. */
const ANY =
  /(?<=(?:[:<,|&=?[(]|=>|\bas|\bsatisfies|\bextends|\bis|\bkeyof)\s*)(?<![\w$])any(?![\w$]|\s*[:(]|\?\s*:)/g
const DEFAULT_EXPORT = /(?<![\w$.])export\s+default\b|(?<![\w$.])export\s*\{[^{}]*\bas\s+default\b/g
const OPEN_MARK = /\b(?:TODO(?!\(#\d+\):)|FIXME|XXX|HACK)\b/g

/** Habits that cost nothing on the day and the reader every day after. */
export function checkHabits(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => [
    ...checkEnvironment(file),
    ...(placeOf(file.path) === 'core'
      ? matches(file, AMBIENT, 'purity', 'core is pure: take it as an argument')
      : []),
    ...matches(file, ANY, 'any', 'say the type, or unknown and parse it'),
    ...checkDefaultExport(file),
    ...checkBarrel(file),
    ...matches(
      file,
      OPEN_MARK,
      'mark',
      'open work is written TODO(#issue): so that it can be found',
      file.comments,
    ),
  ])
}

function checkEnvironment(file: SourceFile): Violation[] {
  const { files, places } = ENVIRONMENT_READERS
  if (file.isForTests || files.includes(file.path) || places.includes(placeOf(file.path))) return []
  const mend = `only ${files.join(', ')} reads the environment: take the setting as an argument`
  const imported = file.imports.filter(
    ({ specifier, names }) =>
      /^(?:node:)?process$/.test(specifier ?? '') && names.some((name) => /^(?:env|\*|default)$/.test(name)),
  )
  return [
    ...imported.map(({ position }) => violationAt(file, position, 'environment', mend)),
    ...matches(file, ENVIRONMENT, 'environment', mend),
  ]
}

function checkDefaultExport(file: SourceFile): Violation[] {
  if (DEFAULT_EXPORTERS.includes(file.path)) return []
  return matches(file, DEFAULT_EXPORT, 'default-export', 'export it under its name')
}

/** A package has one public face. Any other file that only passes on makes readers look twice. */
function checkBarrel(file: SourceFile): Violation[] {
  if (/^packages\/[^/]+\/src\/index\.ts$/.test(file.path)) return []
  const star = file.imports.find(({ isExport, names }) => isExport && names.includes('*'))
  const mend = `only ${packageOf(file.path) ?? 'a package'}'s src/index.ts may pass on: import from where it is written`
  if (star !== undefined) return [violationAt(file, star.position, 'barrel', mend)]
  const isIndex = /(?:^|\/)index\.tsx?$/.test(file.path)
  return isIndex && file.imports.length > 0 && isOnlyImports(file)
    ? [violationOnLine(file, 1, 'barrel', mend)]
    : []
}

function isOnlyImports(file: SourceFile): boolean {
  let rest = ''
  let position = 0
  for (const found of file.imports) {
    rest += file.code.slice(position, found.position)
    position = found.end
  }
  return (rest + file.code.slice(position)).replace(/export\s*\{[^{}]*\}|[\s;]/g, '') === ''
}

function matches(file: SourceFile, pattern: RegExp, rule: Rule, mend: string, text = file.code): Violation[] {
  return [...text.matchAll(pattern)].map((match) => violationAt(file, match.index, rule, mend))
}
