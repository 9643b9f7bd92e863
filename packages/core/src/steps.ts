/** Work in steps, done at once. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Work in steps; `pace` is waited for between them. */
export async function paced<T>(steps: Generator<void, T>, pace: () => Promise<void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await pace()
  }
}
