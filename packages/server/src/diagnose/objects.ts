import type { StrangeObject } from '../storage/strange-object.ts'
import { type Finding, fine, problem, warning } from './finding.ts'

/** More names would tell nothing new. */
const NAMED_MAX = 10

/** Finds what is in the store and is not ours. The operator has to find out who left it there, or slipped it in. */
export function diagnoseObjects(objects: readonly StrangeObject[]): Finding {
  const check = 'objects'
  if (objects.length === 0) return fine(check, 'none in the store but those of this release')
  // What acts comes first: it must not be lost behind ten tables.
  const named = objects.toSorted((one, other) => Number(other.isActing) - Number(one.isActing))
  const shown = named.slice(0, NAMED_MAX)
  const more = objects.length > NAMED_MAX ? ` and ${objects.length - NAMED_MAX} more` : ''
  const detail = `Not made by this release: ${shown.map(describe).join(', ')}${more}.`
  const changed = named.some(({ isChanged }) => isChanged)
  const dropping = shown.filter(({ isChanged }) => !isChanged).map(dropOf)
  const remedy = [
    ...(changed ? ['What was changed comes back with a backup from before.'] : []),
    ...(dropping.length > 0
      ? [`If you do not need it, stop the service and run: ${dropping.join(' ')}`]
      : []),
  ].join(' ')
  if (!named.some(({ isActing, isChanged }) => isActing || isChanged)) return warning(check, detail, remedy)
  return problem(check, `${detail} It can change or take along what the service stores.`, remedy)
}

const describe = ({ type, name, table, isChanged }: StrangeObject): string =>
  `${type} ${quoted(name)}${name === table ? '' : ` on ${quoted(table)}`}${isChanged ? ' (changed)' : ''}`

function dropOf({ type, name, table, isDroppedOn }: StrangeObject): string {
  const on = isDroppedOn ? ` ON ${quoted(table)}` : ''
  return `DROP ${type.toUpperCase()} ${quoted(name)}${on};`
}

/** As SQL takes any name. Whoever chose it does not write to the terminal. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""').replace(/\p{Cc}/gu, '?')}"`
