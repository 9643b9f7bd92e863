import type { Import } from './imports.ts'
import { type Destination, resolveImport } from './imports.ts'
import { covers, packageOf, placeOf, rowOf } from './places.ts'
import { READ_VERBS, WALLS, type Wall } from './rooms.ts'
import { type SourceFile, violationAt, violationOnLine } from './source.ts'
import type { Violation } from './violation.ts'

/** Tests may import everything of their own package, and these by name. */
const PUBLIC_PLACES = ['core', 'contract', 'client', 'client/verifier', 'server/index', 'server/commands']

/** Who imports whom, against the table. */
export function checkWalls(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(checkFile)
}

function checkFile(file: SourceFile): Violation[] {
  const place = placeOf(file.path)
  const wall = place.startsWith('tests of ') ? {} : rowOf(WALLS, place)
  if (wall === undefined) {
    const mend = `no room is called ${place}: move it, or give it a row in scripts/structure/rooms.ts`
    return [violationOnLine(file, 1, 'wall', mend)]
  }
  return file.imports.flatMap((found) => {
    const mend = objection(file.path, place, wall, found)
    return mend === undefined ? [] : [violationAt(file, found.position, 'wall', mend)]
  })
}

/** Why an import may not be, with what may be instead; undefined: it may. */
function objection(from: string, place: string, wall: Wall, found: Import): string | undefined {
  if (found.specifier === undefined) {
    return from.includes('/src/') ? 'write the specifier out, so that one can see where it leads' : undefined
  }
  const destination = resolveImport(from, found.specifier)
  if (destination.kind === 'node') return nodeObjection(from, place, wall, destination.name)
  if (destination.kind === 'package') return packageObjection(place, wall, destination.name)
  // A file that the row names by its path has no other name.
  if (wall.may?.includes(destination.path)) return undefined
  return pathObjection(from, destination) ?? fileObjection(from, destination.path, place, wall, found)
}

function nodeObjection(from: string, place: string, wall: Wall, name: string): string | undefined {
  if (wall.node === undefined || wall.node[from]?.includes(name)) return undefined
  return `${place} takes ${name} from nobody but ${namesOr(readersOf(wall.node, name))}: pass in what it is needed for`
}

function readersOf(node: NonNullable<Wall['node']>, name: string): string[] {
  return Object.keys(node).filter((path) => node[path]?.includes(name))
}

function packageObjection(place: string, wall: Wall, name: string): string | undefined {
  if (wall.packages === undefined || wall.packages.includes(name)) return undefined
  return `${place} depends on ${namesOr(wall.packages)} only`
}

function pathObjection(from: string, destination: Destination & { kind: 'file' }): string | undefined {
  const owner = packageOf(destination.path)
  const isForeign = owner !== undefined && owner !== packageOf(from)
  const isFree = placeOf(from) === 'bench'
  if (isForeign && !destination.isByName && !isFree)
    return `import another package by name: @latchkey/${owner}`
  return undefined
}

function fileObjection(
  from: string,
  to: string,
  place: string,
  wall: Wall,
  found: Import,
): string | undefined {
  const target = placeOf(to)
  const isIn = (entries: readonly string[] = []): boolean => entries.some((entry) => covers(entry, to))
  const isOwn = packageOf(from) !== undefined && packageOf(from) === packageOf(to)
  if (target === place) return undefined
  if (target.startsWith('tests of ')) return 'only tests import tests: move what both need into the source'
  if (place.startsWith('tests of ') && (isOwn || isIn(PUBLIC_PLACES))) return undefined
  if ((place === 'scripts' || place === 'e2e') && isIn(PUBLIC_PLACES)) return undefined
  if (isIn(wall.may)) return undefined
  if (isIn(wall.types) && found.isTypeOnly) return undefined
  if (isIn(wall.lazily) && (found.isLazy || found.isTypeOnly)) return undefined
  if (isIn(wall.reads)) return readObjection(place, target, found)
  return `${place} may not import ${target}; it may: ${describe(wall)}`
}

function readObjection(place: string, target: string, found: Import): string | undefined {
  const isRead = (name: string): boolean =>
    READ_VERBS.some((verb) => new RegExp(`^${verb}(?![a-z])`).test(name))
  if (found.isTypeOnly || found.names.every(isRead)) return undefined
  const writes = found.names.filter((name) => !isRead(name)).join(', ')
  return `${place} takes only ${READ_VERBS.join('…, ')}… and types from ${target}, not ${writes}: a write is a use case`
}

function describe(wall: Wall): string {
  const parts = [
    ...(wall.may ?? []),
    ...(wall.types ?? []).map((entry) => `types of ${entry}`),
    ...(wall.lazily ?? []).map((entry) => `lazily ${entry}`),
    ...(wall.reads ?? []).map((entry) => `reads of ${entry}`),
  ]
  return namesOr(parts)
}

function namesOr(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ')
}
