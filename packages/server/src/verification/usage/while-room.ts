import { AppError } from '@latchkey/core/error'
import type { Engine } from '../../storage/engine.ts'

/**
 * Writes to the store while its disk has room: for what grows with each day. What is left of a nearly full disk is kept
 * for deleting and disabling. Throws AppError `unavailable` then.
 */
export function whileRoom({
  hasRoom,
  write,
  writeUnsynced,
}: Pick<Engine, 'write' | 'writeUnsynced' | 'hasRoom'>): Pick<Engine, 'write' | 'writeUnsynced'> {
  function assertRoom(): void {
    if (!hasRoom())
      throw new AppError(
        'unavailable',
        'The disk of the service is nearly full: counts of use wait in memory.',
      )
  }
  return {
    async write(work, turn) {
      assertRoom()
      return write(work, turn)
    },
    async writeUnsynced(work) {
      assertRoom()
      return writeUnsynced(work)
    },
  }
}
