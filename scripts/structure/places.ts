/**
 * The place of a file: what the table of walls calls it. Tests have no walls of their own kind and are one
 * place a package.
 */
export function placeOf(path: string): string {
  const [top = '', name = '', area = '', ...inside] = path.split('/')
  if (top !== 'packages') return path.includes('/') ? top : 'root'
  if (area === 'test' || /\.test\.tsx?$/.test(path)) return `tests of ${name}`
  if (area === 'bin') return `${name}/bin`
  if (area !== 'src') return 'root'
  return placeInSource(name, inside)
}

/** Folders of the server that have rooms of their own. */
const HOUSES = ['http', 'storage']

function placeInSource(name: string, inside: readonly string[]): string {
  const [first = '', second = ''] = inside
  const isFile = inside.length === 1
  if (name === 'server' && HOUSES.includes(first) && inside.length > 2) return `server/${first}/${second}`
  if (name === 'server') return `server/${isFile ? first.replace(/\.\w+$/, '') : first}`
  if (name === 'console' && first === 'features') return `console/features/${second}`
  if (name === 'console' && (first === 'ui' || first === 'api')) return `console/${first}`
  if (name === 'client' && (first === 'verifier' || first === 'middleware')) return `client/${first}`
  return name
}

/** Whether an entry of the table (a place, `area/*`, or one file's path) means this file. */
export function covers(entry: string, path: string): boolean {
  const place = placeOf(path)
  return entry === path || entry === place || (entry.endsWith('/*') && place.startsWith(entry.slice(0, -1)))
}

/** The table's row for a place: its own, or the one of its area. */
export function rowOf<Row>(table: Readonly<Record<string, Row>>, place: string): Row | undefined {
  return table[place] ?? table[`${place.slice(0, place.lastIndexOf('/'))}/*`]
}

export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}
