import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
/** A whole run leaves far less behind at any moment; a container that was given less keeps to its disk. */
const FREE_BYTES_MIN = 1024 ** 3

/**
 * Where a store lies whose test is not about a disk: in memory, where the system has a file system there, because
 * such tests wait for the disk most of their time. Proofs of durability make their directories on the disk.
 */
export function memoryDisk(): string {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= FREE_BYTES_MIN ? MEMORY : tmpdir()
  } catch {
    return tmpdir()
  }
}
