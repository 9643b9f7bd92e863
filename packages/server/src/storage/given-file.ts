import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Of a file that a setting names: a thousand issuers, a thousand certificates. A device such as /dev/zero has no end. */
const BYTES_MAX = 4 * 1024 * 1024

/** Reads a file that a setting names, or a pipe. Throws Error with the reason, to stand in parentheses. */
export function readGivenFile(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    if (fstatSync(descriptor).isDirectory()) throw new Error('it is a directory, not a file')
    const chunks: Buffer[] = []
    for (let bytes = 0; ; ) {
      const chunk = Buffer.alloc(64 * 1024)
      const read = readSync(descriptor, chunk)
      if (read === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, read))
      bytes += read
      if (bytes > BYTES_MAX) throw new Error(`it holds more than ${BYTES_MAX} bytes`)
    }
  } finally {
    closeSync(descriptor)
  }
}
