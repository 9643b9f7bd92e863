import { isReservedPermission, parsePermission, RESERVED } from '@latchkey/core/permission'
import { quoted } from '@latchkey/core/shown-value'
import { RowRefusal } from './source-error.ts'

/** As many as the contract lets a key have. */
const PERMISSIONS_MAX = 100

/**
 * The names another system gives to rights, as permissions of the application. What Latchkey understands otherwise than
 * that system did widens nothing: without an `area` to put it in (`--permission-area app`: `read` is `app:read`,
 * `users:read` is `app.users:read`) it is refused. `*` alone is every right there: undefined, no narrower than the
 * user's. Throws RowRefusal.
 */
export function foreignPermissions(names: readonly string[], area: string | undefined): string[] | undefined {
  if (names.includes('*')) return undefined
  const permissions = new Set(names.map((name) => foreignPermission(name, area)))
  return withinLimit([...permissions])
}

function foreignPermission(name: string, area: string | undefined): string {
  const placed = area === undefined || isOfApplication(name) ? name : placedIn(name, area)
  if (isOfApplication(placed)) return placed
  const [first = ''] = placed.split(':')
  const reason = Object.hasOwn(RESERVED, first)
    ? `is a permission of Latchkey itself here, and was the application's own there`
    : 'is not of the form area:action'
  throw new RowRefusal(
    `the permission ${quotedPermission(name)} ${reason}: choose an area for such names, as with --permission-area app.`,
  )
}

const isOfApplication = (name: string): boolean =>
  'ok' in parsePermission(name) && !isReservedPermission(name)

/** Different names stay different: what no permission may hold is refused, not replaced. */
const placedIn = (name: string, area: string): string =>
  name.includes(':') ? `${area}.${name}` : `${area}:${name}`

/** Permissions written for Latchkey, reserved ones too. Throws RowRefusal. */
export function ownPermissions(names: readonly string[]): string[] {
  for (const name of names) {
    const parsed = parsePermission(name)
    if ('detail' in parsed) throw new RowRefusal(`the permission ${quotedPermission(name)} ${parsed.detail}`)
  }
  return withinLimit([...new Set(names)])
}

/** A name of a right is words. Anything else may be a key that came into the wrong column. */
export const quotedPermission = (name: string): string =>
  quoted(name, name.length <= SHOWN_MAX && /^[a-z]{1,20}(?:[._:/-][a-z*]{1,20})*$/i.test(name))
const SHOWN_MAX = 80

function withinLimit(permissions: string[]): string[] {
  if (permissions.length <= PERMISSIONS_MAX) return permissions
  throw new RowRefusal(
    `it has ${permissions.length} permissions, and a key at most ${PERMISSIONS_MAX}: join them into area:*.`,
  )
}
