import type { ApiKey, ApiKeyUpdate } from '@latchkey/contract/schemas/keys'
import type { KeyFields } from './key-fields.ts'

export const fieldsOf = ({ description, whitelistedIPs, expiresAt, permissions }: ApiKey): KeyFields => ({
  description: description ?? '',
  entries: whitelistedIPs ?? [],
  expiresAt,
  permissions,
})

/** What a form changes of a key: only that is sent. No entry any more means no restriction, which is said as null. */
export function changesOf(apiKey: ApiKey, fields: KeyFields): ApiKeyUpdate {
  const before = fieldsOf(apiKey)
  const isChanged = (name: keyof KeyFields) => JSON.stringify(before[name]) !== JSON.stringify(fields[name])
  const description = fields.description.trim()
  return {
    ...(isChanged('description') ? { description: description === '' ? null : description } : {}),
    ...(isChanged('entries') ? { whitelistedIPs: fields.entries.length === 0 ? null : fields.entries } : {}),
    ...(isChanged('expiresAt') ? { expiresAt: fields.expiresAt } : {}),
    ...(isChanged('permissions') ? { permissions: fields.permissions } : {}),
  }
}

/** What was typed here stays; what was left alone is as somebody else has made it, so that saving does not undo it. */
export function mergedFields(before: KeyFields, typed: KeyFields, theirs: KeyFields): KeyFields {
  const pick = <Name extends keyof KeyFields>(name: Name): KeyFields[Name] =>
    JSON.stringify(before[name]) === JSON.stringify(typed[name]) ? theirs[name] : typed[name]
  return {
    description: pick('description'),
    entries: pick('entries'),
    expiresAt: pick('expiresAt'),
    permissions: pick('permissions'),
  }
}

const NAMES = {
  description: 'Description',
  entries: 'Allowed addresses',
  expiresAt: 'Expires',
  permissions: 'Permissions',
} as const

export type Difference = { readonly name: string; readonly before: string; readonly now: string }

/** What somebody else has changed. */
export function differencesBetween(before: ApiKey, now: ApiKey): readonly Difference[] {
  const [old, current] = [fieldsOf(before), fieldsOf(now)]
  const text = (value: KeyFields[keyof KeyFields]) =>
    value === null || value.length === 0 ? 'none' : typeof value === 'string' ? value : value.join(', ')
  const fields = (Object.keys(NAMES) as (keyof KeyFields)[])
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(current[name]))
    .map((name) => ({ name: NAMES[name], before: text(old[name]), now: text(current[name]) }))
  if (before.enabled === now.enabled) return fields
  const state = (isOn: boolean) => (isOn ? 'enabled' : 'disabled')
  return [...fields, { name: 'State', before: state(before.enabled), now: state(now.enabled) }]
}
