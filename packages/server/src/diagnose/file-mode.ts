/** The nine permission bits, as chmod takes them. */
export const modeOf = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')

/** Whether anyone but the owner may do anything. Windows keeps permissions elsewhere. */
export function isOpenToOthers(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0
}
