import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

type Bom = { readonly components: readonly object[]; readonly dependencies: readonly object[] }

/** The list of what is in the package, with the Node that this one brings besides. Its hash is of the program itself. */
export function withNode<T extends Bom>(bom: T, file: string): T {
  const version = execFileSync(file, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '')
  const purl = `pkg:generic/node@${version}`
  const node = {
    type: 'application',
    'bom-ref': purl,
    name: 'node',
    version,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(file)).digest('hex') }],
    licenses: [{ license: { id: 'MIT' } }],
    purl,
    externalReferences: [{ type: 'distribution', url: `https://nodejs.org/dist/v${version}/` }],
  }
  return {
    ...bom,
    components: [...bom.components, node],
    dependencies: [...bom.dependencies, { ref: purl, dependsOn: [] }],
  }
}
