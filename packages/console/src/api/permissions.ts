import { RESERVED } from '@latchkey/core/permission'

/** Latchkey's own permissions among those that are held, each by its name: whoever has all is told so in one sign. */
export function reservedOf(held: readonly string[]): readonly string[] {
  return Object.entries(RESERVED).flatMap(([area, actions]) => {
    const isWhole = held.includes('*') || held.includes(`${area}:*`)
    return actions
      .map((action) => `${area}:${action}`)
      .filter((permission) => isWhole || held.includes(permission))
  })
}

/** Of the host application, or a pattern. */
export const isApplications = (permission: string): boolean =>
  permission.includes('*') || !Object.hasOwn(RESERVED, permission.split(':')[0] ?? '')
