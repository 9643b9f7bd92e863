/** Texts remembered, and how long one may be: 3 MB at worst, and what is made of them. */
const TEXTS_MAX = 1_000
const TEXT_LENGTH_MAX = 1_024

/**
 * Makes equal texts one object: what a hundred thousand keys have in common is in memory once, and near when it is
 * looked at. What is made must not be changed.
 */
export function createShared<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>()
  return (text) => {
    const known = made.get(text)
    if (known !== undefined) return known
    const fresh = make(text)
    if (text.length > TEXT_LENGTH_MAX) return fresh
    if (made.size >= TEXTS_MAX) made.clear()
    made.set(text, fresh)
    return fresh
  }
}
