import { AppError } from '@latchkey/core/error'
import type { Engine } from '../../storage/engine.ts'

/**
 * The store for what grows with each day: on a nearly full disk it takes none of it, since what is left is kept for
 * deleting and disabling. Throws AppError `unavailable` then.
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
