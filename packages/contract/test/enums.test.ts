/** A closed list of the code is an enum of the document, whole, wherever it occurs; and no enum is anything else. */
import { ACTOR_TYPES, AUDIT_ACTIONS, OBJECT_TYPES } from '@latchkey/core/audit-action'
import { ERROR_CODES } from '@latchkey/core/error'
import { OUTCOME_CODES } from '@latchkey/core/outcome-code'
import { ROLES } from '@latchkey/core/permission'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import { describe, expect, test } from 'vitest'
import { OAUTH_CODES } from '../src/oauth-codes.ts'
import { openApiDocument } from '../src/openapi.ts'
import { STATUS_REASONS } from '../src/schemas/keys.ts'
import { USAGE_GROUPS } from '../src/schemas/usage.ts'

const document = openApiDocument()

/** The enums of the document by where they stand. */
const found = new Map<string, readonly unknown[]>()
const strings = new Map<string, object>()
function walk(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null || path.endsWith('/examples')) return
  if ('enum' in value && Array.isArray(value.enum)) found.set(path, value.enum)
  else if (!('const' in value) && 'type' in value && [value.type].flat().includes('string'))
    strings.set(path, value)
  for (const [name, part] of Object.entries(value)) walk(part, `${path}/${name}`)
}
walk(document, '')

const MODES = ['live', 'test']
const IMPORT_OUTCOMES = ['created', 'exists', 'refused']
const SCOPES = ['key', 'session', 'user', 'company'] satisfies RevocationScope['scope'][]
const STATUSES = ['active', 'inactive']

/** Where each list stands: all places whose path matches. */
const LISTS: readonly (readonly [what: string, at: RegExp, list: readonly unknown[], places: number])[] = [
  ['roles', /\/(Role|UserUpdate\/properties\/role)$/, ROLES, 2],
  ['audit actions', /\/AuditEvent\/properties\/action$/, AUDIT_ACTIONS, 1],
  ['actors', /\/actor\/properties\/type$/, ACTOR_TYPES, 1],
  ['objects', /\/object\/properties\/type$/, OBJECT_TYPES, 1],
  ['credentials', /\/credential\/properties\/type$/, ['key', 'session', 'user'], 1],
  ['error codes', /\/Problem\/properties\/code$/, ERROR_CODES, 1],
  ['error codes of gateways', /\/X-Auth-Error\/schema$/, ['-', ...ERROR_CODES], 17],
  ['modes of gateways', /\/X-Auth-Mode\/schema$/, ['-', ...MODES], 17],
  ['verdicts', /\/VerifyResult\/properties\/code$/, OUTCOME_CODES, 1],
  ['periods', /\/(q|UseQ)uota\/properties\/period$/, ['day', 'month'], 3],
  ['verdicts of keys', /\/lastRefusedCode$/, [...OUTCOME_CODES, null], 1],
  ['sums of use', /\/usage\/get\/parameters\/\d\/schema$/, USAGE_GROUPS, 1],
  ['modes', /\/(ApiKey|ApiKeyCreate)\/properties\/mode$/, MODES, 2],
  ['modes of imported keys', /\/ImportRequest\/.*\/mode$/, MODES, 1],
  ['what became of a row', /\/ImportResult\/.*\/outcome$/, IMPORT_OUTCOMES, 1],
  ['modes of verdicts', /\/VerifyResult\/properties\/mode$/, [...MODES, null], 1],
  ['modes of records', /\/KeyRecordResult\/.*\/mode$/, MODES, 1],
  ['verdicts of reports', /\/UsageReport\/.*\/code$/, OUTCOME_CODES, 1],
  ['what changes', /\/ChangesResult\/.*\/scope$/, SCOPES, 1],
  ['secrets of verdicts', /\/VerifyResult\/properties\/secret$/, ['current', 'previous', null], 1],
  ['reasons', /\/statusReason$/, [...STATUS_REASONS, null], 1],
  ['statuses', /\/(ApiKeyStatus|properties\/status)$/, STATUSES, 6],
  ['statuses to list', /\/keys\/get\/parameters\/0\/schema$/, [...STATUSES, 'all'], 1],
  ['stores', /\/Readiness\/properties\/store$/, ['sqlite', 'postgres'], 1],
  ['OAuth errors', /\/responses\/4\d\d\/.*\/error$/, OAUTH_CODES, 4],
  ['grants', /\/grant_type$/, ['client_credentials'], 1],
  ['token types', /\/token_type$/, ['Bearer'], 1],
]

describe('a closed list is an enum, whole:', () => {
  test.each(LISTS)('%s', (_what, at, list, places) => {
    const there = [...found].filter(([path]) => at.test(path))
    expect(there.map(([path]) => path)).toHaveLength(places)
    for (const [path, values] of there) expect(values, path).toEqual(list)
  })

  test('and there is no enum that is not one of them', () => {
    const others = [...found.keys()].filter((path) => !LISTS.some(([, at]) => at.test(path)))
    expect(others).toEqual([])
  })

  test('no list has a value twice', () => {
    for (const [path, values] of found) expect(new Set(values).size, path).toBe(values.length)
  })

  test('and no field that is called like one is an open text', () => {
    const open = [...strings.keys()].filter((path) => /\/(code|mode|status|role|type|action)$/.test(path))
    expect(open).toEqual([
      '/components/schemas/Problem/properties/type',
      // The seed of the contract has an example with another code.
      '/components/schemas/Problem/properties/errors/items/properties/code',
    ])
  })
})
