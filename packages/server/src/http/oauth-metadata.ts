import { RESERVED } from '@latchkey/core/permission'

/** The permissions every deployment knows; an application's own can be asked for as well. */
export function grantableScopes(): string[] {
  return Object.entries(RESERVED).flatMap(([area, actions]) => actions.map((action) => `${area}:${action}`))
}
