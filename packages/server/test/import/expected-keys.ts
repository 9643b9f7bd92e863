import { createHash } from 'node:crypto'
import { ApiKeyCreate } from '@latchkey/contract/schemas/keys'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import type { ImportRow, SourceName } from '../../src/import/import-row.ts'
import type { SourceOptions } from '../../src/import/source-options.ts'
import { readAll, refusals, rowsFor, rowsOf } from './reading.ts'

export const sha256 = (text: string) => createHash('sha256').update(text).digest()
export const base64 = (text: string) => Buffer.from(text).toString('base64')
export const EXPORTED_AT = Date.parse('2026-11-28T04:00:00Z')

/** Texts as each system makes them. */
export const ACME = 'acme_XvNKqMrDzTbWcHsYpLfJgRkQnZtVmBdG'
export const OTHER = 'acme_PqLwZxRtYvNbKmJhGfDsCaQeWrTyUiOp'

type Expected = {
  readonly owner: string | undefined
  readonly status?: 'active' | 'disabled' | 'deleted'
  readonly permissions?: readonly string[] | undefined
  readonly expiresAt?: string
  readonly more?: object
}

export type Case = {
  readonly source: SourceName
  readonly name: string
  readonly file: string
  readonly options?: Partial<SourceOptions>
  /** What each text must be found as. */
  readonly keys: Readonly<Record<string, Expected>>
  readonly refused?: readonly RegExp[]
}

export const csvOf = (...rows: readonly (readonly string[])[]): string =>
  rows
    .map((row) =>
      row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(','),
    )
    .join('\r\n')

export const linesOf = (...rows: readonly object[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const ajv = new Ajv2020({ allowUnionTypes: true })
ajvFormats.default(ajv)
const isCreation = ajv.compile(ApiKeyCreate)

/** What of a row the body that creates a key would not take. */
function faultsOf(row: ImportRow): unknown[] {
  const { description, permissions, whitelistedIPs, expiresAt, mode, metadata } = row
  const body = { userId: 'usr_1', description, permissions, whitelistedIPs, expiresAt, mode, metadata }
  return isCreation(JSON.parse(JSON.stringify(body))) ? [] : (isCreation.errors ?? [])
}

/** Whether of each file every key is found that worked there, as what it was there, and no other. */
export function describeSources(cases: readonly Case[]): void {
  describe.each(cases)('$source: $name', ({ source, file, options, keys, refused = [] }) => {
    it.each([65_536, 7, 1])(
      'every key that worked there is found, in pieces of %i bytes',
      async (pieceBytes) => {
        const entries = await readAll(source, file, options, pieceBytes)
        expect(refusals(entries)).toEqual(refused.map((pattern) => expect.stringMatching(pattern)))
        expect(rowsOf(entries).flatMap(faultsOf)).toEqual([])
        for (const [text, expected] of Object.entries(keys)) {
          const rows = rowsFor(entries, text)
          expect(rows.map(({ source: name }) => name)).toEqual([source])
          expect(rows[0]).toMatchObject({
            externalUserId: expected.owner,
            status: expected.status ?? 'active',
            ...expected.more,
          })
          expect(rows[0]?.permissions).toEqual(expected.permissions)
          expect(rows[0]?.expiresAt).toBe(expected.expiresAt)
        }
        const texts = Object.keys(keys)
        for (const text of texts.flatMap((each) => [`${each}x`, each.slice(0, -1)])) {
          if (!texts.includes(text)) expect(rowsFor(entries, text)).toEqual([])
        }
      },
    )
  })
}
