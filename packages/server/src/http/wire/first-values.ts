/**
 * The value itself when it has at most `max` values in it, else a copy in which arrays end early: what stands in it
 * stands where it stood.
 */
export function firstValues(value: unknown, max: number): unknown {
  return countDown(value, max) > 0 ? value : copy(value, { left: max })
}

/** What is left of so many when each value in it takes one; not positive: it has too many. */
function countDown(value: unknown, max: number): number {
  let left = max - 1
  if (typeof value !== 'object' || value === null) return left
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (left <= 0) return left
    left = countDown(inner, left)
  }
  return left
}

function copy(value: unknown, budget: { left: number }): unknown {
  budget.left -= 1
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const elements: unknown[] = []
    for (const element of value) {
      if (budget.left <= 0) break
      elements.push(copy(element, budget))
    }
    return elements
  }
  // An object keeps its names, which are few: one left out would look like one that is missing.
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner, budget)]))
}
