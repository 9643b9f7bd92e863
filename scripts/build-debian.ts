import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Built, buildDist } from './build-dist.ts'
import { controlFile, LOCAL_MAINTAINER, parseMaintainer } from './debian-build/control.ts'
import { unitFile } from './debian-build/unit.ts'
import { withNode } from './debian-build/with-node.ts'
import { setModes } from './dist-build/set-modes.ts'
import { outDirectory } from './out-directory.ts'

const HELP = `Builds the Debian package: the npm package, the Node that the project pins, a unit and a user for it.

  node scripts/build-debian.ts                  into dist
  node scripts/build-debian.ts --out DIRECTORY  into another
  node scripts/build-debian.ts --fast           without compressing it: for a look at it
  node scripts/build-debian.ts --maintainer 'Jane Doe <jane@example.com>'
                                                who answers for it; without: the administrator of the
                                                machine it is installed on (root@localhost)

It is for the architecture of the machine that builds it, and needs dpkg-deb.
`

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PARTS = join(ROOT, 'packaging/debian')
/** Debian's names. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }
/** Of every file in the package, so that two builds are equal: the first second of 2026. */
const SOURCE_DATE_EPOCH = String(Date.UTC(2026, 0, 1) / 1_000)

type Options = { readonly isFast: boolean; readonly maintainer?: string }

/** Puts the package together beside the npm package it is made from. Answers its file. */
export function buildDebian(
  out: string,
  built: Built,
  { isFast, maintainer = LOCAL_MAINTAINER }: Options,
): string {
  const architecture = ARCHITECTURES[process.arch]
  if (process.platform !== 'linux' || architecture === undefined) {
    throw new Error(
      `A Debian package is built on Linux, on x64 or arm64: this is ${process.platform} on ${process.arch}.`,
    )
  }
  const { version } = JSON.parse(readFileSync(join(built.directory, 'package.json'), 'utf8'))
  const tree = mkdtempSync(join(tmpdir(), 'latchkey-deb-'))
  try {
    fill(tree, built)
    const bytes = bytesOf(join(tree, 'usr'))
    const kibibytes = Math.ceil(bytes / 1_024)
    put(tree, 'DEBIAN/control', controlFile({ version, architecture, kibibytes, maintainer }))
    put(tree, 'DEBIAN/conffiles', '/etc/latchkey/latchkey.env\n')
    put(tree, 'DEBIAN/md5sums', md5sums(tree))
    for (const script of ['postinst', 'prerm', 'postrm'])
      copy(join(PARTS, script), tree, `DEBIAN/${script}`, 0o755)
    setModes(tree)
    const file = join(out, `latchkey_${version}_${architecture}.deb`)
    // What dpkg of the oldest supported Debian can read.
    const compression = isFast ? '-Znone' : '-Zxz'
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', compression, tree, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return file
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

function fill(tree: string, { directory, sbom }: Built): void {
  const node = join(ROOT, 'node_modules/node')
  for (const part of ['bin', 'lib', 'console', 'package.json']) {
    cpSync(join(directory, part), join(tree, 'usr/lib/latchkey', part), { recursive: true })
  }
  copy(join(node, 'bin/node'), tree, 'usr/lib/latchkey/node', 0o755)
  copy(join(PARTS, 'latchkey'), tree, 'usr/bin/latchkey', 0o755)
  copy(join(PARTS, 'latchkey.env'), tree, 'etc/latchkey/latchkey.env')
  copy(join(PARTS, 'lintian-overrides'), tree, 'usr/share/lintian/overrides/latchkey')
  const unit = unitFile(readFileSync(join(ROOT, 'docs/operate/latchkey.service'), 'utf8'))
  put(tree, 'usr/lib/systemd/system/latchkey.service', unit)
  const texts = [join(ROOT, 'LICENSE'), join(directory, 'THIRD-PARTY-LICENSES'), licenseOfNode(node)]
  const copyright = texts.map((file) => readFileSync(file, 'utf8').trim()).join(`\n\n${'='.repeat(80)}\n\n`)
  put(tree, 'usr/share/doc/latchkey/copyright', `${copyright}\n`)
  const bom = withNode(JSON.parse(readFileSync(sbom, 'utf8')), join(node, 'bin/node'))
  put(tree, 'usr/share/doc/latchkey/sbom.cdx.json', `${JSON.stringify(bom, null, 2)}\n`)
}

/** It comes with the binary, in a package named after the machine. */
function licenseOfNode(directory: string): string {
  const packages = join(directory, 'node_modules')
  const name = readdirSync(packages).find((found) => found.startsWith('node-linux-'))
  if (name === undefined) throw new Error('The Node that the project pins is not here: npm rebuild node')
  return join(packages, name, 'LICENSE')
}

function put(tree: string, path: string, text: string): void {
  const file = join(tree, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { mode: 0o644 })
}

function copy(from: string, tree: string, path: string, mode = 0o644): void {
  const file = join(tree, path)
  mkdirSync(dirname(file), { recursive: true })
  copyFileSync(from, file)
  chmodSync(file, mode)
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => join(directory, path))
    .filter((path) => statSync(path).isFile())
    .sort()
}

const bytesOf = (directory: string) =>
  filesIn(directory).reduce((bytes, file) => bytes + statSync(file).size, 0)

/** What dpkg --verify holds the installed files against. */
const md5sums = (tree: string) =>
  filesIn(join(tree, 'usr'))
    .map(
      (file) =>
        `${createHash('md5').update(readFileSync(file)).digest('hex')}  ${file.slice(tree.length + 1)}\n`,
    )
    .join('')

async function run(): Promise<void> {
  const options = parseArgs({
    options: {
      out: { type: 'string' },
      fast: { type: 'boolean', default: false },
      maintainer: { type: 'string', default: LOCAL_MAINTAINER },
      help: { type: 'boolean', short: 'h' },
    },
  }).values
  if (options.help) return console.log(HELP)
  const maintainer = parseMaintainer(options.maintainer)
  const directory = outDirectory(options.out, join(ROOT, 'dist'))
  const file = buildDebian(directory, await buildDist(directory), { isFast: options.fast, maintainer })
  console.log(`${file} written`)
}

if (import.meta.main) {
  try {
    await run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
