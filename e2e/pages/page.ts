import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/** A fenced block of a page. */
export type Block = {
  /** The word behind the fence; '' for what is only shown. */
  readonly language: string
  readonly text: string
  /** Of its first line, counted from 1. */
  readonly line: number
  /** Why no test runs it, as a comment before it says, which nobody sees who reads the page. */
  readonly notRun: string | undefined
}

/** Every page that tells how to use or operate it, and the README. */
export const pages = ['README.md', ...globSync('docs/{use,operate}/*.md', { cwd: ROOT }).sort()]

const BLOCK = /^(?:<!-- not run: (.+?) -->\n)?```(\w*)\n([\s\S]*?)^```$/gm

/** The blocks of a page, from top to bottom. */
export function blocksOf(page: string): Block[] {
  const source = readFileSync(join(ROOT, page), 'utf8')
  return [...source.matchAll(BLOCK)].map(({ 0: whole, 1: notRun, 2: language = '', 3: text = '', index }) => {
    const before = source.slice(0, index + whole.indexOf('```'))
    return { language, text, notRun, line: before.split('\n').length + 1 }
  })
}

/** The sections of a page, each with its blocks. */
export function sectionsOf(page: string): { readonly title: string; readonly blocks: readonly Block[] }[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n')
  const starts = lines.flatMap((line, index) => (line.startsWith('## ') ? [index] : []))
  const blocks = blocksOf(page)
  return starts.map((start, index) => ({
    title: lines[start]!.slice(3),
    blocks: blocks.filter(({ line }) => line > start && line <= (starts[index + 1] ?? lines.length)),
  }))
}
