import { isObject } from '../is-object.ts'
import type { JsonItem } from '../json-item.ts'
import { SourceError } from '../source-error.ts'

/** A plugin as Kong writes it, for a consumer or a group. */
export type Plugin = Readonly<Record<string, unknown>>

/** What bounds a consumer and does not stand in it. */
export type Bounds = {
  readonly plugins: readonly Plugin[]
  readonly acls: readonly unknown[]
  /** The groups it is in, by name or id. */
  readonly groups: readonly string[]
}

export type KongBounds = {
  /** Of a consumer, by whichever of its names. */
  readonly find: (...names: readonly unknown[]) => Bounds
  /** Of a group; undefined: it is not in the file. */
  readonly pluginsOf: (group: string) => readonly Plugin[] | undefined
  /** The file is a whole configuration: what it does not have, Kong has not. */
  readonly isWhole: boolean
}

/** Lists that say what bounds a consumer (Kong/go-database-reconciler, pkg/file/writer.go; kong/db/declarative). */
export const BESIDE = ['plugins', 'acls', 'consumer_groups', 'consumer_group_consumers', 'services', 'routes']

const NONE: Bounds = { plugins: [], acls: [], groups: [] }

/** Some hundred bytes each. */
const BOUNDS_MAX = 1_000_000

/**
 * Reads a file for what bounds its consumers: a plugin of a consumer and a service stands at its end, and what
 * `kong config db_export` writes are lists beside each other. Those twice, since one may name a consumer by its id and
 * another by its name; a key that stands in its consumer knows both. Throws SourceError.
 */
export async function readKongBounds(items: () => AsyncIterable<JsonItem>): Promise<KongBounds> {
  const bounds = new Map<string, Bounds>()
  const groups = new Map<string, readonly Plugin[]>()
  const aliases: string[][] = []
  const add = (name: string | undefined, more: Partial<Bounds>): void => {
    if (name === undefined) return
    bounds.set(name, joined(bounds.get(name) ?? NONE, { ...NONE, ...more }))
    if (bounds.size + groups.size > BOUNDS_MAX)
      throw new SourceError(
        undefined,
        `More than ${BOUNDS_MAX} consumers are bounded: import the file in parts.`,
      )
  }
  const addToGroup = (name: string | undefined, plugins: readonly Plugin[]): void => {
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), ...plugins])
  }
  const addPlugin = (plugin: Plugin): void => {
    add(referenceOf(plugin.consumer), { plugins: [plugin] })
    addToGroup(referenceOf(plugin.consumer_group), [plugin])
  }
  const addPlugins = (plugins: readonly Plugin[]): void => {
    for (const plugin of plugins) addPlugin(plugin)
  }
  const takers: Readonly<Record<string, (value: Plugin) => void>> = {
    plugins: addPlugin,
    services: (service) => addPlugins(pluginsIn(service, { service: nameOf(service) })),
    routes: (route) => addPlugins(pluginsIn(route, { route: nameOf(route) })),
    acls: (acl) => add(referenceOf(acl.consumer), { acls: [acl] }),
    consumer_group_consumers: (link) =>
      add(referenceOf(link.consumer), { groups: textsOf(referenceOf(link.consumer_group)) }),
    consumer_groups: (group) => {
      const names = namesOf(group)
      aliases.push(names)
      for (const name of names) addToGroup(name, objectsIn(group.plugins))
      for (const member of objectsIn(group.consumers)) add(namesOf(member)[0], { groups: names.slice(0, 1) })
    },
    consumers: (consumer) => {
      if (consumer.keyauth_credentials === undefined) add(namesOf(consumer)[0], boundsIn(consumer))
    },
  }
  const seen = new Set<string>()
  for await (const item of items()) {
    if (item.list === undefined || item.list === 'data') continue
    seen.add(item.list)
    if ('refused' in item) refuse(item)
    else if (isObject(item.value)) takers[item.list]?.(item.value)
  }
  if (seen.has('keyauth_credentials') && bounds.size > 0) await joinNames(items(), bounds)
  for (const names of aliases) {
    const plugins = [...new Set(names.flatMap((name) => groups.get(name) ?? []))]
    for (const name of names) groups.set(name, plugins)
  }
  const known = new Set(aliases.flat())
  return {
    isWhole: seen.size > 0,
    find: (...names) =>
      names.map((name) => (typeof name === 'string' ? bounds.get(name) : undefined)).find(Boolean) ?? NONE,
    pluginsOf: (group) => (known.has(group) ? groups.get(group) : undefined),
  }
}

/** What is in the way of reading may restrict anybody. Broken consumers are refused where their keys are. */
function refuse({ list, line, refused }: Extract<JsonItem, { refused: string }>): void {
  if (list !== undefined && BESIDE.includes(list))
    throw new SourceError(line, `${refused} It is of the list ${list}, and may restrict a key.`)
}

/** Whatever one of a consumer's names stands for holds for each. */
async function joinNames(items: AsyncIterable<JsonItem>, bounds: Map<string, Bounds>): Promise<void> {
  for await (const item of items) {
    if (item.list !== 'consumers' || 'refused' in item || !isObject(item.value)) continue
    const names = namesOf(item.value)
    const found = [...new Set(names.flatMap((name) => bounds.get(name) ?? []))]
    if (found.length === 0) continue
    const all = found.reduce(joined)
    for (const name of names) bounds.set(name, all)
  }
}

const joined = (a: Bounds, b: Bounds): Bounds => ({
  plugins: [...a.plugins, ...b.plugins],
  acls: [...a.acls, ...b.acls],
  groups: [...a.groups, ...b.groups],
})

/** What stands in a consumer itself. */
export const boundsIn = (consumer: Readonly<Record<string, unknown>>): Bounds => ({
  plugins: objectsIn(consumer.plugins),
  acls: Array.isArray(consumer.acls) ? consumer.acls : [],
  groups: Array.isArray(consumer.groups)
    ? consumer.groups.flatMap((group) => textsOf(referenceOf(group)))
    : [],
})

/** Those of a service or route, and of the routes in it. */
const pluginsIn = (value: Plugin, place: Plugin): Plugin[] => [
  ...objectsIn(value.plugins).map((plugin) => ({ ...place, ...plugin })),
  ...objectsIn(value.routes).flatMap((route) => pluginsIn(route, { route: nameOf(route) })),
]

const objectsIn = (value: unknown): Plugin[] => (Array.isArray(value) ? value.filter(isObject) : [])
const textsOf = (text: string | undefined): string[] => (text === undefined ? [] : [text])
const namesOf = ({ id, username, name }: Plugin): string[] =>
  [id, username, name].filter((each) => typeof each === 'string')
const nameOf = (value: Plugin): string => namesOf(value)[0] ?? 'one'

/** By id or name, or as an object that holds either. */
const referenceOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : isObject(value) ? namesOf(value)[0] : undefined
