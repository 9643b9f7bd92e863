/**
 * What of a form is not as it was when that was opened; all of it for something new. Only that is sent: what was left
 * alone may have been changed by somebody else meanwhile, and stays theirs.
 */
export function changedOnly<Fields extends object>(
  was: NoInfer<Fields> | undefined,
  fields: Fields,
): Partial<Fields> {
  if (was === undefined) return fields
  const names = (Object.keys(fields) as (keyof Fields)[]).filter((name) => fields[name] !== was[name])
  return Object.fromEntries(names.map((name) => [name, fields[name]])) as Partial<Fields>
}
