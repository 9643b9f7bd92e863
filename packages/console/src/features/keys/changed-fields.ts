import type { ApiKey, ApiKeyUpdate } from '@latchkey/contract/schemas/keys'
import type { Difference } from '../../ui/stale-notice.tsx'
import type { KeyFields } from './key-fields.ts'
import { summaryOfLimits } from './limit-words.ts'

export const fieldsOf = (apiKey: ApiKey): KeyFields => ({
  description: apiKey.description ?? '',
  entries: apiKey.whitelistedIPs ?? [],
  expiresAt: apiKey.expiresAt,
  permissions: apiKey.permissions,
  rateLimits: apiKey.rateLimits,
  quota: apiKey.quota,
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
    ...(isChanged('rateLimits') ? { rateLimits: fields.rateLimits } : {}),
    ...(isChanged('quota') ? { quota: fields.quota } : {}),
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
    rateLimits: pick('rateLimits'),
    quota: pick('quota'),
  }
}

const NAMES = {
  description: 'Description',
  entries: 'Allowed addresses',
  expiresAt: 'Expires',
  permissions: 'Permissions',
  rateLimits: 'Rate limits',
  quota: 'Quota',
} as const

/** What somebody else has changed. */
export function differencesBetween(before: ApiKey, now: ApiKey): readonly Difference[] {
  const [old, current] = [fieldsOf(before), fieldsOf(now)]
  const fields = (Object.keys(NAMES) as (keyof KeyFields)[])
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(current[name]))
    .map((name) => ({ name: NAMES[name], before: textOf(old, name), now: textOf(current, name) }))
  if (before.enabled === now.enabled) return fields
  const state = (isOn: boolean) => (isOn ? 'enabled' : 'disabled')
  return [...fields, { name: 'State', before: state(before.enabled), now: state(now.enabled) }]
}

function textOf(fields: KeyFields, name: keyof KeyFields): string {
  if (name === 'rateLimits') return summaryOfLimits(fields.rateLimits, null)
  if (name === 'quota') return summaryOfLimits(null, fields.quota)
  const value = fields[name]
  if (value === null || value.length === 0) return 'none'
  return typeof value === 'string' ? value : value.join(', ')
}
