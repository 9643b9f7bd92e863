import { statfsSync } from 'node:fs'

/** What is left of a disk, in bytes, and all it has. */
export type Disk = { readonly freeBytes: number; readonly allBytes: number }

/**
 * Kept for what deletes and disables: a transaction of creations may take some 20 MB before this is looked at again, a
 * deletion takes 60 KB. Of a small disk a part.
 */
const RESERVE_BYTES = 64 * 1024 * 1024
const RESERVE_SHARE = 0.05

/** Whether more may be stored than what takes a power away. `dueBytes`: of what is free, those that are spoken for. */
export const isRoomLeft = ({ freeBytes, allBytes }: Disk, dueBytes = 0): boolean =>
  freeBytes - dueBytes > Math.min(RESERVE_BYTES, allBytes * RESERVE_SHARE)

export function diskUnder(directory: string): Disk {
  const { bavail, blocks, bsize } = statfsSync(directory)
  return { freeBytes: bavail * bsize, allBytes: blocks * bsize }
}
