import { BANNED } from './rules.ts'
import { type SourceFile, violationAt, violationOnLine } from './source.ts'
import type { Violation } from './violation.ts'

const EXPORTED =
  /(?<![\w$.])export\s+(?:abstract\s+)?(?:(?:async\s+)?function\s*\*?|class|const|let)\s+([\w$]+)/g
/** What follows the name of a constant that holds a function. */
const FUNCTION_VALUE = /^[^=\n]*=\s*(?:async\s*)?(?:function\b|\(|[\w$]+\s*=>)/

/** Names of files, folders, and exported functions and classes. */
export function checkNames(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => [...checkPath(file), ...checkExports(file)])
}

function checkPath(file: SourceFile): Violation[] {
  if (BANNED.exceptions.includes(file.path)) return []
  for (const part of file.path.split('/')) {
    const name = part.replace(/(?:\.test)?\.\w+$/, '')
    const banned = BANNED.names.includes(name) ? name : wordsOf(name).find(isBannedWord)
    if (banned === undefined) continue
    return [violationOnLine(file, 1, 'name', `“${banned}” in a path says nothing: name the thing it holds`)]
  }
  return []
}

function checkExports(file: SourceFile): Violation[] {
  return [...file.code.matchAll(EXPORTED)].flatMap((match) => {
    const name = match[1] ?? ''
    const after = file.code.slice(match.index + match[0].length, match.index + match[0].length + 200)
    if (/\b(?:const|let)\s/.test(match[0]) && !FUNCTION_VALUE.test(after)) return []
    const words = wordsOf(name)
    const banned =
      BANNED.verbs.find((verb) => verb === words[0]) ?? words.find((word) => BANNED.words.includes(word))
    if (banned === undefined) return []
    return [
      violationAt(
        file,
        match.index,
        'name',
        `“${banned}” in ${name} says nothing: say what it does, to what`,
      ),
    ]
  })
}

function isBannedWord(word: string): boolean {
  return BANNED.words.includes(word) || BANNED.verbs.includes(word)
}

/** `parseHTTPKey`, `parse-http-key` and `parse_http_key` have the same words. */
function wordsOf(name: string): string[] {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .toLowerCase()
  return BANNED.phrases.reduce((rest, phrase) => rest.replace(phrase, ''), spaced).split(' ')
}
