import { randomBytes } from 'node:crypto'
import { operations } from '@latchkey/contract/operations'
import { bodyBytesMaxOf } from '@latchkey/contract/operations/operation'
import { type Asked, fill, fresh, post } from './asked-request.ts'
import { ENTRIES, type HeavyCompany } from './heavy-company.ts'

/** The costliest of operations that take a thousand of something: imports, reports of uses, previews of a list. */
export const manyRows = (company: HeavyCompany): Asked[] => [
  ...imports(company),
  ...reports(company),
  ...previews(company),
]

const IMPORT_BYTES_MAX = bodyBytesMaxOf(operations.importApiKeys)
const REPORT_BYTES_MAX = bodyBytesMaxOf(operations.reportUsage)
const PREVIEW_BYTES_MAX = bodyBytesMaxOf(operations.previewAllowlist)

/** Rows of an import, and uses of a report. */
const THOUSAND = Array.from({ length: 1_000 }, (_, index) => index)

function imports({ operatorKey, companyId, userId }: HeavyCompany): Asked[] {
  const take = (what: string, status: number, text: Asked['text']): Asked => ({
    ...post('importApiKeys', '/keys/import', what, status, ''),
    ...(text === undefined ? {} : { text }),
    headers: { 'x-api-key': operatorKey, 'x-company-id': companyId },
  })
  const key = () => `"key":"shop_${randomBytes(18).toString('base64url')}"`
  const rows =
    (fields: (index: number) => string, terms = '') =>
    () =>
      `{${terms}"user":"${userId}","keys":[${THOUSAND.map((index) => `{${key()}${fields(index)}}`).join()}]}`
  const entries = `,"whitelistedIPs":${JSON.stringify(ENTRIES.slice(0, 30))}`
  const most = `,"metadata":{"a":${JSON.stringify('"\\'.repeat(1_000).slice(0, 500))}}${entries}`
  return [
    take(
      '1,000 keys',
      200,
      rows(() => ''),
    ),
    take(
      '1,000 keys with 30 addresses and much metadata',
      200,
      rows(() => most),
    ),
    take(
      '40 keys with 1,000 addresses',
      200,
      () => `{"user":"${userId}","keys":[${fortyOf(() => `{${key()},"whitelistedIPs":${ALL_ENTRIES}}`)}]}`,
    ),
    take(
      '1,000 owners that are made',
      200,
      rows(() => `,"externalUserId":"o${fresh()}"`, '"dryRun":true,"createUsers":true,'),
    ),
    take(
      '1,000 rows that are refused',
      200,
      rows(() => `,"whitelistedIPs":[${'"a",'.repeat(35)}"a"]`),
    ),
    take('rows without end', 400, `{"keys":[${fill('{},', 200, IMPORT_BYTES_MAX)}{}]}`),
    take('rows of numbers', 400, `{"keys":[${fill('1,', 200, IMPORT_BYTES_MAX)}1]}`),
    take('a text of escapes', 400, `{"source":"${fill('\\u00e9', 200, IMPORT_BYTES_MAX)}","keys":[{}]}`),
  ]
}

const ALL_ENTRIES = JSON.stringify(ENTRIES)
/** As many values as a body may hold. */
const fortyOf = (row: () => string) => Array.from({ length: 40 }, row).join()

function previews({ restrictedKeyId }: HeavyCompany): Asked[] {
  const preview = (what: string, status: number, text: string) =>
    post('previewAllowlist', `/keys/${restrictedKeyId}/allowlist-preview`, what, status, text)
  return [
    preview('1,000 IPv6 entries', 200, `{"whitelistedIPs":${JSON.stringify(ENTRIES)}}`),
    preview(
      'one entry, 58,000 times',
      200,
      `{"whitelistedIPs":"${fill('1.1.1.1,', 200, PREVIEW_BYTES_MAX)}"}`,
    ),
    preview('bad entries', 400, `{"whitelistedIPs":"${fill('a,', 200, PREVIEW_BYTES_MAX)}"}`),
  ]
}

function reports({ keyIds }: HeavyCompany): Asked[] {
  const at = '"2026-11-28T12:00:00Z"'
  const report = (what: string, status: number, uses: string): Asked => ({
    ...post('reportUsage', '/usage/reports', what, status, ''),
    text: () =>
      `{"reportId":"${fresh().padStart(16, '0')}","from":${at},"to":${at},"now":${at},"uses":[${uses}]}`,
  })
  const uses = (address: (index: number) => string) =>
    THOUSAND.map(
      (index) =>
        `{"keyId":"${keyIds[index]}","secretOrdinal":1,"code":"VALID","count":1,"lastAt":${at},` +
        `"lastAddress":"${address(index)}"}`,
    ).join()
  return [
    report(
      '1,000 keys',
      200,
      uses((index) => ENTRIES[index]!),
    ),
    report(
      '1,000 bad addresses',
      400,
      uses(() => 'a'.repeat(40)),
    ),
    report('uses without end', 400, fill('{},', 400, REPORT_BYTES_MAX).slice(0, -1)),
  ]
}
