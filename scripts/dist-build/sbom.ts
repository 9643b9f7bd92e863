import { createHash } from 'node:crypto'
import type { BundledPackage } from './bundled-packages.ts'

type Product = { readonly name: string; readonly version: string; readonly license: string }

/**
 * What is in the package, as CycloneDX 1.6. Made from the files that went in: a list of what is installed would name a
 * hundred build tools, and leave out the console's libraries, which are installed as such. Neither time nor chance is
 * in it, so that two builds are equal.
 */
export function sbom(product: Product, packages: readonly BundledPackage[]): object {
  const ownRef = purlOf(product)
  const components = packages.map((bundled) => ({
    type: 'library',
    'bom-ref': purlOf(bundled),
    name: bundled.name,
    version: bundled.version,
    hashes: [{ alg: 'SHA-512', content: hexOf(bundled) }],
    licenses: [{ license: { id: bundled.license } }],
    purl: purlOf(bundled),
  }))
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([ownRef, components]))}`,
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': ownRef,
        name: product.name,
        version: product.version,
        licenses: [{ license: { id: product.license } }],
        purl: ownRef,
      },
    },
    components,
    dependencies: [
      { ref: ownRef, dependsOn: components.map(({ purl }) => purl) },
      ...components.map(({ purl }) => ({ ref: purl, dependsOn: [] })),
    ],
  }
}

/** package-url: the @ of a scope is written as %40. */
const purlOf = ({ name, version }: { readonly name: string; readonly version: string }) =>
  `pkg:npm/${name.replace('@', '%40')}@${version}`

function hexOf({ name, integrity }: BundledPackage): string {
  const base64 = /^sha512-(\S+)$/.exec(integrity)?.[1]
  if (base64 === undefined) throw new Error(`${name} has no SHA-512 in the lock file`)
  return Buffer.from(base64, 'base64').toString('hex')
}

/** A UUID of version 8 (RFC 9562), which is made as its maker likes: here from what it names. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = 0x80 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
