/**
 * To write all figures down takes some milliseconds: it is done once at a time, and whoever asks meanwhile gets what
 * is written next.
 */
export function oneAtATime(write: () => Promise<string>): () => Promise<string> {
  let writing: Promise<unknown> | undefined
  let next: Promise<string> | undefined
  return () => {
    next ??= (writing ?? Promise.resolve()).then(() => {
      next = undefined
      const written = write()
      writing = written.catch(() => {})
      return written
    })
    return next
  }
}
