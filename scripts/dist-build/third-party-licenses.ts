import type { BundledPackage } from './bundled-packages.ts'

const RULE = '-'.repeat(80)

/** The file that keeps each licence with the code it is for. */
export function thirdPartyLicenses(packages: readonly BundledPackage[]): string {
  const parts = packages.map(({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, ...texts].join('\n\n'),
  )
  return `Latchkey holds code of these packages.\n\n${parts.map((part) => `${RULE}\n${part}\n`).join('\n')}`
}
