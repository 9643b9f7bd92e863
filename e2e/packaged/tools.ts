import { findProgram } from '../gateways/processes.ts'

/** Where a package comes from that these tests need: Debian's name, if it is not the program's. */
const PACKAGES: Readonly<Record<string, string>> = {
  'dpkg-deb': 'dpkg',
  nsenter: 'util-linux',
  'systemd-nspawn': 'systemd-container',
}

/** Throws Error, in one sentence, when the machine cannot run these tests: none of them is left out. */
export function needTools(names: readonly string[]): void {
  if (process.getuid?.() !== 0) throw new Error('This installs systems of its own: run it as root.')
  const missing = names.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return
  const packages = missing.map((name) => PACKAGES[name] ?? name)
  throw new Error(`${missing.join(', ')} must be there: apt-get install ${packages.join(' ')}`)
}
