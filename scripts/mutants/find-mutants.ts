import { type Edit, editsOf } from './operators.ts'
import { type Host, walk } from './syntax.ts'

/** One change of one file. */
export type Mutant = Edit & {
  /** By this number it is switched on. */
  readonly number: number
  /** From the repository's root. */
  readonly path: string
  readonly line: number
  readonly original: string
  /** What is exchanged when it is switched on. */
  readonly host: Host
}

/** Every change of a file that is tried, in the order of the text. */
export function findMutants(path: string, text: string, firstNumber: number): Mutant[] {
  const mutants: Mutant[] = []
  const seen = new Set<string>()
  walk(path, text, (node, parent, host) => {
    if (host === undefined) return
    for (const edit of editsOf(node, parent, text)) {
      const { start, end, replacement } = edit
      const original = text.slice(start, end)
      const key = `${start}-${end}-${replacement}`
      // `return !x` is turned round by two rules.
      if (original === replacement || seen.has(key)) continue
      seen.add(key)
      const line = text.slice(0, start).split('\n').length
      mutants.push({ ...edit, number: firstNumber + mutants.length, path, line, original, host })
    }
  })
  return mutants
}

/** The file as the mutant would have it. */
export function mutated(text: string, { start, end, replacement }: Edit): string {
  return text.slice(0, start) + replacement + text.slice(end)
}
