/** A line that overwrites itself, on a terminal; nothing elsewhere, where it would fill a log. */
export type Progress = { show(done: number, total: number): void; clear(): void }

export function createProgress(what: string): Progress {
  const isShown = process.stderr.isTTY === true
  return {
    show(done, total) {
      if (isShown && total > 0) process.stderr.write(`\r${what}: ${Math.floor((done / total) * 100)} %`)
    },
    clear() {
      if (isShown) process.stderr.write('\r\x1b[K')
    },
  }
}
