import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** A package of somebody else of which something is in ours. */
export type BundledPackage = {
  readonly name: string
  readonly version: string
  /** As SPDX calls it. */
  readonly license: string
  /** Its licence and notices, as it brings them. */
  readonly texts: readonly string[]
  /** Of the archive that was installed, as the lock file has it: `sha512-…`. */
  readonly integrity: string
}

/** Licences that ask for no more than to be kept with the code. Another one is for a person to look at. */
const KNOWN_LICENSES: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
])
const LICENSE_FILE = /^(?:licen[cs]e|copying|notice)(?:\.(?:md|txt))?$/i

/** The packages whose files went into ours, by name. Throws Error for one that must not, or that nobody could name. */
export function listBundledPackages(root: string, modules: readonly string[]): readonly BundledPackage[] {
  const places = new Set(modules.flatMap((file) => placeOf(root, file) ?? []))
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return [...places]
    .map((place) => describe(join(root, place), locked[place]?.integrity))
    .sort((one, other) => (one.name + one.version < other.name + other.version ? -1 : 1))
}

/** Where the package lies that a file is of, as the lock file has it; undefined: it is ours, or of the bundler. */
function placeOf(root: string, file: string): string | undefined {
  const path = relative(root, file.replace(/[?#].*$/, '').replaceAll('\0', '')).replaceAll(sep, '/')
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]
}

function describe(directory: string, integrity: string | undefined): BundledPackage {
  const { name, version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  if (!KNOWN_LICENSES.has(license)) {
    throw new Error(
      `${name} ${version} is under ${license}: look whether that may be given away, and list it`,
    )
  }
  if (integrity === undefined) throw new Error(`${name} ${version} is not in the lock file: npm ci`)
  const texts = licenseTexts(directory, author?.name ?? author)
  if (texts.length === 0) throw new Error(`${name} ${version} says nowhere whose it is: its licence asks to`)
  return { name, version, license, texts, integrity }
}

/** Those of its files; without one, its author and what its page says. */
function licenseTexts(directory: string, author: string | undefined): readonly string[] {
  const files = readdirSync(directory).sort()
  const licenses = files.filter((file) => LICENSE_FILE.test(file)).map((file) => textOf(directory, file))
  if (licenses.length > 0 || author === undefined) return licenses
  const pages = files.filter((file) => /^readme\.md$/i.test(file)).map((file) => textOf(directory, file))
  const sections = pages.flatMap((page) => LICENSE_SECTION.exec(page)?.[0] ?? [])
  return [`Copyright ${author}`, ...sections]
}

const LICENSE_SECTION = /^(?:#+ *licen[cs]e\b|the MIT licen[cs]e)[\s\S]*/im

const textOf = (directory: string, file: string) => readFileSync(join(directory, file), 'utf8').trim()
