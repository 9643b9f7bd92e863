import { lstatSync, mkdirSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory and what is missing above it, for its owner only. One after the other: Node's own `recursive` asks
 * for ever where a file system answers that there is nothing to make it in, as /proc does.
 */
export function makeDirectory(directory: string): void {
  for (const place of missingOf(resolve(directory))) {
    try {
      mkdirSync(place, { mode: 0o700 })
    } catch (error) {
      // Another start has made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(place)) throw error
    }
  }
}

/** statfs(2) of what the kernel shows as files: nothing can be kept there. */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x63677270, // cgroup2
  0x27e0eb, // cgroup
  0x64626720, // debugfs
  0x74726163, // tracefs
])

/** The nearest directory that is there, when that is one of the kernel's, such as /proc. */
export function findKernelPlace(directory: string): string | undefined {
  const place = nearestExisting(resolve(directory))
  try {
    return KERNEL_FILE_SYSTEMS.has(statfsSync(place).type) ? place : undefined
  } catch {
    // Whoever uses it next says what is wrong with it.
    return undefined
  }
}

const isThere = (place: string): boolean => lstatOf(place) !== undefined

const isDirectory = (place: string): boolean => lstatOf(place)?.isDirectory() === true

/** undefined as well where it may not be looked at: making it says why. */
function lstatOf(place: string) {
  try {
    return lstatSync(place, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const nearestExisting = (place: string): string =>
  isThere(place) || dirname(place) === place ? place : nearestExisting(dirname(place))

/** From the topmost one down. */
function missingOf(place: string): string[] {
  return isThere(place) || dirname(place) === place ? [] : [...missingOf(dirname(place)), place]
}
