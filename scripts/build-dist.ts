import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { listBundledPackages } from './dist-build/bundled-packages.ts'
import { manifest } from './dist-build/manifest.ts'
import { writeProgram } from './dist-build/program.ts'
import { CODE, CONSOLE } from './dist-build/run-time-files.ts'
import { sbom } from './dist-build/sbom.ts'
import { setModes } from './dist-build/set-modes.ts'
import { thirdPartyLicenses } from './dist-build/third-party-licenses.ts'
import { outDirectory } from './out-directory.ts'

const HELP = `Builds Latchkey as it is installed: one npm package without dependencies.

  node scripts/build-dist.ts                  into dist
  node scripts/build-dist.ts --out DIRECTORY  into another

It makes there:
  latchkey/               the package, unpacked
  latchkey-VERSION.tgz    the same, packed: npx ./latchkey-VERSION.tgz serve
  latchkey-VERSION.cdx.json   what is in it (CycloneDX)
  SHA256SUMS              of both: sha256sum --check SHA256SUMS
`

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')
const LAUNCHER = 'bin/latchkey.js'

export type Built = {
  /** The package, unpacked. */
  readonly directory: string
  readonly archive: string
  readonly sbom: string
}

/** Makes the package anew: what is in its folder is the package, and nothing else. */
export async function buildDist(out: string): Promise<Built> {
  const directory = join(out, 'latchkey')
  rmSync(directory, { recursive: true, force: true })
  for (const part of ['bin', CODE]) mkdirSync(join(directory, part), { recursive: true })
  const source = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const modules = [...(await writeProgram(ROOT, directory)), ...writeConsole(out, join(directory, CONSOLE))]
  const packages = listBundledPackages(ROOT, modules)
  copyFileSync(join(ROOT, 'LICENSE'), join(directory, 'LICENSE'))
  copyFileSync(join(ROOT, 'packages/cli/README.md'), join(directory, 'README.md'))
  writeFileSync(join(directory, 'THIRD-PARTY-LICENSES'), thirdPartyLicenses(packages))
  writeFileSync(join(directory, LAUNCHER), launcher(directory), { mode: 0o755 })
  writeFileSync(join(directory, 'package.json'), jsonOf(manifest(source)))
  setModes(directory)
  return pack(out, directory, jsonOf(sbom(source, packages)))
}

/** Answers the files that went into it. Built anew: what lies in the repository may be of yesterday. */
function writeConsole(out: string, directory: string): readonly string[] {
  const list = join(out, 'console-modules.json')
  const build = join(ROOT, 'packages/console/build.js')
  execFileSync(process.execPath, [build, '--out', directory, '--modules', list], { cwd: ROOT })
  const modules = JSON.parse(readFileSync(list, 'utf8'))
  rmSync(list)
  return modules
}

/** The launcher knows what must lie beside it. */
function launcher(directory: string): string {
  const files = [CODE, CONSOLE].flatMap((part) =>
    readdirSync(join(directory, part), { recursive: true, encoding: 'utf8' })
      .map((path) => join(part, path))
      .filter((path) => statSync(join(directory, path)).isFile())
      .sort()
      .map((path) => [path.replaceAll(sep, '/'), statSync(join(directory, path)).size]),
  )
  const text = readFileSync(join(ROOT, 'scripts/dist-build/launcher.js'), 'utf8')
  return text.replace('const FILES = {}', `const FILES = ${JSON.stringify(Object.fromEntries(files))}`)
}

function pack(out: string, directory: string, bom: string): Built {
  const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  const bomFile = `${name}-${version}.cdx.json`
  writeFileSync(join(out, bomFile), bom)
  // The times in it are npm's own constant.
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out, directory], { cwd: out })
  const archive = `${name}-${version}.tgz`
  const sums = [archive, bomFile].map((file) => `${sha256(join(out, file))}  ${file}\n`)
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
  return { directory, archive: join(out, archive), sbom: join(out, bomFile) }
}

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
const jsonOf = (value: object) => `${JSON.stringify(value, null, 2)}\n`

async function run(): Promise<void> {
  const { out, help } = parseArgs({
    options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  }).values
  if (help) return console.log(HELP)
  const { archive } = await buildDist(outDirectory(out, join(ROOT, 'dist')))
  console.log(`${archive} written`)
}

if (import.meta.main) {
  try {
    await run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
