import { nearest } from './nearest.ts'
import { createShared } from './shared.ts'

/** Highest first. */
export const ROLES = ['owner', 'admin', 'developer', 'viewer'] as const
export type Role = (typeof ROLES)[number]

/** Whether `role` stands above `other`. */
export const isAboveRole = (role: Role, other: Role): boolean => ROLES.indexOf(role) < ROLES.indexOf(other)

export const lowerRole = (role: Role, other: Role): Role => (isAboveRole(role, other) ? other : role)

/** The areas this service interprets itself. Every other area is the host application's own. */
export const RESERVED: Readonly<Record<string, readonly string[]>> = {
  keys: ['list', 'read', 'create', 'update', 'rotate', 'delete', 'verify', 'import'],
  users: ['list', 'read', 'create', 'update', 'delete'],
  companies: ['list', 'read', 'create', 'update'],
  audit: ['read'],
}

const RESERVED_ALL = Object.entries(RESERVED).flatMap(([area, actions]) =>
  actions.map((action) => `${area}:${action}`),
)
const WORD = /^[a-z0-9._-]{1,64}$/

/** To follow the name of its field. */
export const PERMISSION_FORM = 'must be area:action, area:* or *, in lower case, such as orders:read.'

/**
 * Checks the grammar: `*`, `area:*` or `area:action`, each word 1 to 64 of a-z 0-9 . _ -. An action that a
 * reserved area does not have is refused, because it could never be granted.
 */
export const isPermission = (text: string): boolean => faultOf(text) === undefined

/** The same, with what is wrong with it. */
export function parsePermission(text: string): { readonly ok: true } | { readonly detail: string } {
  const fault = faultOf(text)
  if (fault === undefined) return { ok: true }
  if (fault === 'form') return { detail: PERMISSION_FORM }
  const [area, action] = text.split(':') as [string, string]
  const actions = RESERVED[area]!
  const suggestion = nearest(action, actions)
  const hint =
    suggestion === undefined ? `it has ${actions.join(', ')}` : `did you mean ${area}:${suggestion}?`
  return { detail: `is not an action of the reserved area ${area}: ${hint}` }
}

function faultOf(text: string): 'form' | 'action' | undefined {
  if (text === '*') return undefined
  const [area = '', action = '', ...rest] = text.split(':')
  if (rest.length > 0 || !WORD.test(area) || (action !== '*' && !WORD.test(action))) return 'form'
  const actions = Object.hasOwn(RESERVED, area) ? RESERVED[area] : undefined
  return actions === undefined || action === '*' || actions.includes(action) ? undefined : 'action'
}

/** Whether a permission or pattern is about an area of this service, or about all areas. */
export function isReservedPermission(text: string): boolean {
  return text === '*' || Object.hasOwn(RESERVED, areaOf(text))
}

/**
 * How "every permission of the application, but not every reserved one" is written in an answer. It cannot be
 * granted: in a request leave the list out, or name areas.
 */
const EVERY_APPLICATION_PERMISSION = '*:*'

/** What decides the permissions of a credential. */
export type Authority = {
  readonly role: Role
  /** The user belongs to the operator's company. */
  readonly isOperator: boolean
  /** Narrows the application's permissions only; null: all that the role allows. */
  readonly userPermissions: readonly string[] | null
  /** Lists that each narrow everything: the key's own, then those of what is derived from it. */
  readonly narrowings: readonly (readonly string[])[]
}

/** Decided once, so that asking is a look-up. */
export type CompiledAuthority = {
  readonly reserved: ReadonlySet<string>
  readonly application: Patterns
}

/** A set of application permissions: all, whole areas, single ones. */
type Patterns = {
  readonly isAll: boolean
  readonly areas: ReadonlySet<string>
  readonly exact: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()
const NO_PATTERNS: Patterns = { isAll: false, areas: NONE, exact: NONE }
const ALL_PATTERNS: Patterns = { ...NO_PATTERNS, isAll: true }

/**
 * Different authorities remembered: a deployment has as many as it has roles and lists of permissions. Their texts, in
 * characters: some 10 MB with what is made of them, where each has the longest lists.
 */
const COMPILED_MAX = 1_000
const COMPILED_LENGTH_MAX = 2_000_000
const compiled = new Map<string, CompiledAuthority>()
let compiledLength = 0

/** Equal authorities are one object: a hundred thousand keys in memory share a few of them. */
export function compileAuthority(authority: Authority): CompiledAuthority {
  const { role, isOperator, userPermissions, narrowings } = authority
  const text = JSON.stringify([role, isOperator, userPermissions, narrowings])
  const known = compiled.get(text)
  if (known !== undefined) return known
  if (compiled.size >= COMPILED_MAX || compiledLength + text.length > COMPILED_LENGTH_MAX) {
    compiled.clear()
    compiledLength = 0
  }
  const fresh = compile(authority)
  compiled.set(text, fresh)
  compiledLength += text.length
  return fresh
}

/** Of an authority besides the permissions of the application: those that are reserved are shared by many. */
const AUTHORITY_BYTES = 400
/** A text, its place in a set and in the list of all. */
const PERMISSION_BYTES = 64

/** What an authority takes in memory, with the texts that answers make of it: about, and rather too much. */
export function bytesOfAuthority({ application }: CompiledAuthority): number {
  let bytes = AUTHORITY_BYTES
  for (const area of application.areas) bytes += PERMISSION_BYTES + 2 * area.length
  for (const permission of application.exact) bytes += PERMISSION_BYTES + 2 * permission.length
  return bytes
}

function compile({ role, isOperator, userPermissions, narrowings }: Authority): CompiledAuthority {
  const reserved = RESERVED_ALL.filter((permission) => roleHas(role, isOperator, permission))
  let application = role === 'viewer' ? NO_PATTERNS : ALL_PATTERNS
  if (userPermissions !== null) application = meet(application, patternsOf(userPermissions))
  const whole = { reserved: reservedOf(reserved.join()), application }
  return narrowings.reduce<CompiledAuthority>(narrow, whole)
}

/** An authority narrowed by a list of permissions and patterns. Takes lists as `listPermissions` writes them, too. */
export function narrow(authority: CompiledAuthority, permissions: readonly string[]): CompiledAuthority {
  const named = new Set(permissions)
  const isNamed = (permission: string) =>
    named.has('*') || named.has(`${areaOf(permission)}:*`) || named.has(permission)
  return {
    reserved: reservedOf([...authority.reserved].filter(isNamed).join()),
    application: meet(authority.application, patternsOf(permissions)),
  }
}

/** Sets of reserved permissions, by their names joined with commas: there are few different ones. */
const reservedOf = createShared((text) => (text === '' ? NONE : new Set(text.split(','))))

function roleHas(role: Role, isOperator: boolean, permission: string): boolean {
  const area = areaOf(permission)
  // An import decides which texts are keys: only the operator may do that, whichever company it acts for.
  if (permission === 'keys:import' && !isOperator) return false
  switch (role) {
    case 'owner':
      return isOperator || area !== 'companies'
    case 'admin':
      return area !== 'companies'
    case 'developer':
      return area === 'keys' && permission !== 'keys:verify' && permission !== 'keys:import'
    case 'viewer':
      return permission === 'keys:list' || permission === 'keys:read'
  }
}

function patternsOf(permissions: readonly string[]): Patterns {
  if (permissions.includes('*') || permissions.includes(EVERY_APPLICATION_PERMISSION)) return ALL_PATTERNS
  const areas = new Set<string>()
  const exact = new Set<string>()
  for (const permission of permissions) {
    const area = areaOf(permission)
    if (Object.hasOwn(RESERVED, area)) continue
    if (permission.endsWith(':*')) areas.add(area)
    else exact.add(permission)
  }
  return { isAll: false, areas: areas.size === 0 ? NONE : areas, exact: exact.size === 0 ? NONE : exact }
}

/** What two sets have in common. */
function meet(left: Patterns, right: Patterns): Patterns {
  if (left.isAll) return right
  if (right.isAll) return left
  const areas = new Set([...left.areas].filter((area) => right.areas.has(area)))
  const exact = new Set<string>()
  for (const permission of [...left.exact, ...right.exact]) {
    if (covers(left, permission) && covers(right, permission)) exact.add(permission)
  }
  return { isAll: false, areas: areas.size === 0 ? NONE : areas, exact: exact.size === 0 ? NONE : exact }
}

function covers(patterns: Patterns, permission: string): boolean {
  return patterns.isAll || patterns.exact.has(permission) || patterns.areas.has(areaOf(permission))
}

/** Whether one concrete permission is held. */
export function isPermitted(authority: CompiledAuthority, permission: string): boolean {
  // The exact ones hold nothing of a reserved area, so most permissions are found without being split.
  if (authority.reserved.has(permission) || authority.application.exact.has(permission)) return true
  return !Object.hasOwn(RESERVED, areaOf(permission)) && covers(authority.application, permission)
}

/** The first permission or pattern that `wanted` has and `holder` has not; undefined when there is none. */
export function lacks(holder: CompiledAuthority, wanted: CompiledAuthority): string | undefined {
  for (const permission of wanted.reserved) if (!holder.reserved.has(permission)) return permission
  const { application } = holder
  if (application.isAll) return undefined
  if (wanted.application.isAll) return EVERY_APPLICATION_PERMISSION
  for (const area of wanted.application.areas) if (!application.areas.has(area)) return `${area}:*`
  for (const permission of wanted.application.exact) if (!covers(application, permission)) return permission
  return undefined
}

const listings = new WeakMap<CompiledAuthority, readonly string[]>()

/** For the wire: sorted; `area:*` for all actions of a reserved area, `*` for simply everything. */
export function listPermissions(authority: CompiledAuthority): string[] {
  const known = listings.get(authority)
  if (known !== undefined) return [...known]
  const made = listing(authority)
  listings.set(authority, made)
  return [...made]
}

function listing({ reserved, application }: CompiledAuthority): readonly string[] {
  if (application.isAll && reserved.size === RESERVED_ALL.length) return ['*']
  const listed = new Set<string>()
  for (const [area, actions] of Object.entries(RESERVED)) {
    const held = actions.map((action) => `${area}:${action}`).filter((permission) => reserved.has(permission))
    for (const permission of held.length === actions.length ? [`${area}:*`] : held) listed.add(permission)
  }
  if (application.isAll) listed.add(EVERY_APPLICATION_PERMISSION)
  for (const area of application.areas) listed.add(`${area}:*`)
  for (const permission of application.exact)
    if (!application.areas.has(areaOf(permission))) listed.add(permission)
  return [...listed].sort()
}

/**
 * To be stored: each reserved action by its name. A wildcard grows with a release that knows more actions; what nobody
 * wrote as one must not.
 */
export function namePermissions(authority: CompiledAuthority): string[] {
  const isWildcardOfOurs = (name: string) => name === '*' || Object.hasOwn(RESERVED, areaOf(name))
  const application = listPermissions(authority).filter((name) => !isWildcardOfOurs(name))
  const every = authority.application.isAll ? [EVERY_APPLICATION_PERMISSION] : []
  return [...new Set([...authority.reserved, ...every, ...application])].sort()
}

function areaOf(permission: string): string {
  const colon = permission.indexOf(':')
  return colon < 0 ? permission : permission.slice(0, colon)
}
