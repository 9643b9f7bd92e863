import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findImports, type Import } from './imports.ts'
import { type Masks, maskSource } from './mask.ts'
import type { Rule, Violation } from './violation.ts'

export type SourceFile = Masks & {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly imports: readonly Import[]
  /** A `*.test.ts` file. */
  readonly isTest: boolean
  /** A test, or something only tests use. */
  readonly isForTests: boolean
}

const SOURCE_FOLDERS = ['packages', 'scripts', 'bench', 'e2e']
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'coverage', 'data'])
const SOURCE_NAME = /\.(?:ts|tsx|mts|js|mjs)$/
const DECLARATION_NAME = /\.d\.m?ts$/

/** Every source file of the repository, by path. */
export function readSources(root: string): SourceFile[] {
  const atRoot = listEntries(root, '').filter((entry) => entry.isFile() && isSourceName(entry.name))
  const paths = [
    ...atRoot.map((entry) => entry.name),
    ...SOURCE_FOLDERS.flatMap((folder) => listSourcePaths(root, folder)),
  ]
  return paths.sort().map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

function parseSource(path: string, text: string): SourceFile {
  const masks = maskSource(text)
  const isTest = /\.test\.tsx?$/.test(path)
  const lines = text.replace(/\n$/, '').split('\n')
  const isForTests = isTest || /^(?:packages\/[^/]+\/test|e2e)\//.test(path)
  return { ...masks, path, text, lines, imports: findImports(text, masks.code), isTest, isForTests }
}

/** A violation at a position of the file's text. */
export function violationAt(file: SourceFile, position: number, rule: Rule, mend: string): Violation {
  return violationOnLine(file, lineAt(file.text, position), rule, mend)
}

export function violationOnLine(file: SourceFile, line: number, rule: Rule, mend: string): Violation {
  return { path: file.path, line, rule, text: file.lines[line - 1] ?? '', mend }
}

export function lineAt(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

function listSourcePaths(root: string, folder: string): string[] {
  return listEntries(root, folder).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return isSkipped(path, entry.name) ? [] : listSourcePaths(root, path)
    return entry.isFile() && isSourceName(entry.name) ? [path] : []
  })
}

/** A folder called `data` is the server's own, at the place where it was started; inside src/ it is a bad name. */
function isSkipped(path: string, name: string): boolean {
  return name.startsWith('.') || (SKIPPED_FOLDERS.has(name) && !path.includes('/src/'))
}

function isSourceName(name: string): boolean {
  return SOURCE_NAME.test(name) && !DECLARATION_NAME.test(name)
}

function listEntries(root: string, folder: string): Dirent[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
