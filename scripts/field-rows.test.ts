/** Each row of docs/proofs/field-rows.md names a test that is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const ROW = /^\| (?<row>.+?) \| \[[^\]]+\]\(\.\.\/\.\.\/(?<file>[^)]+)\) \| (?<says>.+) \| (?<broken>.+?) \|$/

const page = readFileSync(join(ROOT, 'docs/proofs/field-rows.md'), 'utf8')
const rows = page.split('\n').flatMap((line) => {
  const { row, file, says } = ROW.exec(line)?.groups ?? {}
  return row === undefined || file === undefined || says === undefined ? [] : [{ row, file, says }]
})

test('every line of the tables is read', () => {
  const lines = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:Row|Bar) \|/.test(line))
  expect(rows).toHaveLength(lines.length)
  expect(rows.length).toBeGreaterThan(70)
})

test.each(rows)('$row: $file', ({ file, says }) => {
  expect(existsSync(join(ROOT, file))).toBe(true)
  expect(readFileSync(join(ROOT, file), 'utf8')).toContain(says)
})
