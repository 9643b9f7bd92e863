import { resolveImport } from './imports.ts'
import { type SourceFile, violationAt } from './source.ts'
import type { Violation } from './violation.ts'

type Edge = { readonly to: string; readonly position: number }
type Graph = ReadonlyMap<string, readonly Edge[]>

/** Files that need each other, types included: such a ring can only be read as one file. */
export function checkCycles(files: readonly SourceFile[]): Violation[] {
  const graph = buildGraph(files)
  const reported = new Set<string>()
  const found: Violation[] = []
  for (const file of files) {
    const ring = reported.has(file.path) ? undefined : shortestRing(graph, file.path)
    if (ring === undefined || ring.some((path) => reported.has(path))) continue
    for (const path of ring) reported.add(path)
    const edge = graph.get(file.path)?.find(({ to }) => to === ring[1])
    const mend = `a cycle: ${ring.join(' → ')}; move what they share into a file of its own`
    found.push(violationAt(file, edge?.position ?? 0, 'cycle', mend))
  }
  return found
}

function buildGraph(files: readonly SourceFile[]): Graph {
  const paths = new Set(files.map((file) => file.path))
  return new Map(files.map((file) => [file.path, edgesOf(file).filter(({ to }) => paths.has(to))]))
}

function edgesOf(file: SourceFile): Edge[] {
  return file.imports.flatMap(({ specifier, position }) => {
    const destination = specifier === undefined ? undefined : resolveImport(file.path, specifier)
    return destination?.kind === 'file' ? [{ to: destination.path, position }] : []
  })
}

/** Breadth first from the file back to itself. */
function shortestRing(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const path of queue) {
    for (const { to } of graph.get(path) ?? []) {
      if (to === start) return [...trail(cameFrom, start, path), start]
      if (cameFrom.has(to)) continue
      cameFrom.set(to, path)
      queue.push(to)
    }
  }
  return undefined
}

function trail(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const path = [end]
  for (let at = end; at !== start; ) {
    at = cameFrom.get(at) ?? start
    path.unshift(at)
  }
  return path
}
