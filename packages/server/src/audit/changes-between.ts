import type { FieldChanges } from './append-event.ts'

/** The fields whose values differ, each as [before, after]. */
export function changesBetween<Shape extends Readonly<Record<string, unknown>>>(
  before: Shape,
  after: Shape,
): FieldChanges {
  const changes: Record<string, readonly [unknown, unknown]> = {}
  for (const field of Object.keys(before)) {
    const pair = [before[field], after[field]] as const
    // Most of them were not touched, and some are long.
    if (pair[0] === pair[1]) continue
    if (JSON.stringify(pair[0]) !== JSON.stringify(pair[1])) changes[field] = pair
  }
  return changes
}

/** Whether nothing but one field has changed, and to this. */
export function isOnly(changes: FieldChanges, field: string, after: unknown): boolean {
  return Object.keys(changes).length === 1 && changes[field]?.[1] === after
}
