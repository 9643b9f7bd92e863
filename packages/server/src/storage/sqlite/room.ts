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

/** A disk that has so much free has some of it left when it is believed for the last time: nobody writes 100 GB a second. */
const BELIEVED_BYTES_MIN = 1024 * 1024 * 1024
const BELIEVED_MS = 10

type Look = () => Disk

/** The disk under a directory. A creation asks twice, which was a fortieth of POST /keys. */
export function createDisk(directory: string, monotonicMs: () => number, look = lookAt(directory)): Look {
  let seen: Disk = { freeBytes: 0, allBytes: 0 }
  let seenAtMs = 0
  return () => {
    const nowMs = monotonicMs()
    const isBelieved = seen.freeBytes >= BELIEVED_BYTES_MIN && nowMs - seenAtMs < BELIEVED_MS
    if (isBelieved) return seen
    seen = look()
    seenAtMs = nowMs
    return seen
  }
}

const lookAt =
  (directory: string): Look =>
  () => {
    const { bavail, blocks, bsize } = statfsSync(directory)
    return { freeBytes: bavail * bsize, allBytes: blocks * bsize }
  }
