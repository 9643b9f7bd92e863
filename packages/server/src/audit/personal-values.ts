type Changes = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

/** Stands in an event where a personal value was: that there was one, not which. */
const PERSONAL = '[personal]'

/**
 * The fields that identify a person. An event stays when the person wants to be forgotten, and is in every backup and
 * export.
 */
const PERSONAL_FIELDS: Readonly<Record<string, readonly string[]>> = {
  user: ['name', 'email', 'externalId'],
  // They often say whose key it is. They are deleted with the key's user, and would stay here.
  key: ['description', 'metadata'],
}

/** What is written down of a change: which personal fields changed, without their values. */
export function withoutPersonalValues(objectType: string, changes: Changes): Changes {
  const personal = PERSONAL_FIELDS[objectType]
  if (personal === undefined || !personal.some((field) => Object.hasOwn(changes, field))) return changes
  return Object.fromEntries(
    Object.entries(changes).map(([field, [before, after]]) => [
      field,
      personal.includes(field) ? ([hidden(before), hidden(after)] as const) : ([before, after] as const),
    ]),
  )
}

const hidden = (value: unknown): typeof PERSONAL | null =>
  value === null || value === undefined ? null : PERSONAL
