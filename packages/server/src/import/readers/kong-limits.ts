import { foreignPermissions } from '../foreign-permissions.ts'
import type { SourceStatus } from '../import-row.ts'
import { isObject } from '../is-object.ts'
import { restrictionOf } from '../restriction.ts'
import { RowRefusal } from '../source-error.ts'
import type { Bounds, KongBounds, Plugin } from './kong-bounds.ts'

/** What a key of a consumer must not exceed here. */
export type Limits = {
  readonly permissions: string[] | undefined
  readonly whitelistedIPs: string[] | undefined
  readonly status: SourceStatus
  readonly notes: readonly string[]
}

/**
 * Of what stands in a consumer, and outside of it. A plugin of the consumer goes before that of its group, and both
 * before those of a service, a route and of all, which are no part of a key. Throws RowRefusal for what a key here
 * cannot have, and would be lost.
 */
export function limitsOf(
  { inside, outside }: { readonly inside: Bounds; readonly outside: Bounds },
  beside: KongBounds,
  area: string | undefined,
): Limits {
  const names = [...new Set([...inside.groups, ...outside.groups])]
  const groups = names.map((name) => ({ name, plugins: pluginsOf(name, beside) }))
  const own = [...inside.plugins, ...outside.plugins]
  const ofGroups = groups.flatMap(({ plugins }) => plugins)
  const isEnded = pluginNamed('request-termination', own, ofGroups) !== undefined
  return {
    permissions: groupsOf([...inside.acls, ...outside.acls], area),
    whitelistedIPs: allowedBy(pluginNamed('ip-restriction', own, ofGroups)),
    status: isEnded ? 'disabled' : 'active',
    notes: [
      ...(isEnded ? ['All its requests end at request-termination there: it comes in disabled.'] : []),
      // Others that stand in it are metadata.
      ...leftOut('its consumer', outside.plugins),
      ...groups.flatMap(({ name, plugins }) => leftOut(`its consumer group ${name}`, plugins)),
    ],
  }
}

const CARRIED: readonly unknown[] = ['ip-restriction', 'request-termination']

/** What comes in with a key as more than metadata. */
export const isCarried = (plugin: Plugin): boolean => CARRIED.includes(plugin.name) && isOn(plugin)

const isOn = (plugin: Plugin): boolean => plugin.enabled !== false

/** The one that is in force for all requests of a consumer. Throws RowRefusal where it is for some of them. */
function pluginNamed(name: string, own: readonly Plugin[], ofGroups: readonly Plugin[]): Plugin | undefined {
  const named = (plugins: readonly Plugin[]) =>
    plugins.filter((plugin) => plugin.name === name && isOn(plugin))
  const all = [...named(own), ...named(ofGroups)]
  if (all.some(isForSome)) {
    throw new RowRefusal(
      `its owner has the plugin ${name} for some requests only, such as those to one service, which a key here cannot ` +
        'have: have it for all there, and export again, or import the key from a csv file as you choose.',
    )
  }
  const inForce = named(own).length > 0 ? named(own) : named(ofGroups)
  if (inForce.length <= 1) return inForce[0]
  throw new RowRefusal(`its owner has the plugin ${name} from several groups: leave one, and export again.`)
}

const isForSome = ({ service, route, config }: Plugin): boolean =>
  isGiven(service) || isGiven(route) || (isObject(config) && isGiven(config.trigger))

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** `allow` and `deny` have been so named since Kong 2.1. */
function allowedBy(plugin: Plugin | undefined): string[] | undefined {
  if (plugin === undefined) return undefined
  const { config } = plugin
  if (!isObject(config)) throw new RowRefusal('its owner has a restriction to addresses that says none.')
  const old = restrictionOf(config, 'whitelist', 'blacklist')
  return restrictionOf(config, 'allow', 'deny') ?? old
}

function pluginsOf(group: string, beside: KongBounds): readonly Plugin[] {
  const plugins = beside.pluginsOf(group)
  if (plugins !== undefined) return plugins
  throw new RowRefusal(
    'its owner is in a group that is not in the file, and may be restricted: export the groups too.',
  )
}

/** The groups that the plugin acl asks for: what a key of this consumer may do more than others. */
function groupsOf(acls: readonly unknown[], area: string | undefined): string[] | undefined {
  if (acls.length === 0) return undefined
  const groups = acls.map((acl) => (isObject(acl) ? String(acl.group) : String(acl)))
  return foreignPermissions(
    groups.map((group) => `group:${group.toLowerCase()}`),
    area,
  )
}

function leftOut(where: string, plugins: readonly Plugin[]): string[] {
  const names = plugins.filter((plugin) => !isCarried(plugin)).map(({ name }) => String(name).slice(0, 100))
  return names.length === 0 ? [] : [`Left out of ${where}: ${[...new Set(names)].join(', ')}.`]
}
