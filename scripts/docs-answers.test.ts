/** An answer that a page shows without leaving anything out (…) has all that the service answers, and nothing else. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const { schemas } = JSON.parse(readFileSync(join(ROOT, 'openapi.json'), 'utf8')).components
const KINDS = ['ApiKey', 'VerifyResult', 'User', 'Company', 'AuditEvent', 'Me'] as const
const BLOCK = /^```json\n([\s\S]*?)^```$/gm

const fieldsOf = (name: string): string[] => Object.keys(schemas[name].properties)

/** The kind whose first field it begins with, and of whose fields it has the greatest part. */
function kindOf(answer: object): string | undefined {
  const names = new Set(Object.keys(answer))
  const [first] = names
  return KINDS.map((name) => ({ name, fields: fieldsOf(name) }))
    .filter(({ fields }) => fields[0] === first)
    .map(({ name, fields }) => ({
      name,
      part: fields.filter((field) => names.has(field)).length / fields.length,
    }))
    .filter(({ part }) => part > 0.5)
    .sort((one, other) => other.part - one.part)[0]?.name
}

const shown = globSync('{README.md,docs/{use,operate}/*.md}', { cwd: ROOT })
  .sort()
  .flatMap((page) => {
    const source = readFileSync(join(ROOT, page), 'utf8')
    return [...source.matchAll(BLOCK)].flatMap(({ 1: text = '', index }) => {
      if (/…\s*(?:[,}\]]|$)/m.test(text.replaceAll(/"[^"]*"/g, '""'))) return []
      try {
        const answer: object = JSON.parse(text)
        const kind = kindOf(answer)
        const line = source.slice(0, index).split('\n').length
        return kind === undefined ? [] : [{ where: `${page}:${line}`, kind, answer }]
      } catch {
        // What is no answer but several lines of a log is none of these.
        return []
      }
    })
  })

test('whole answers are found', () => {
  expect(shown.length).toBeGreaterThan(6)
})

test.each(shown)('$where has the fields of $kind', ({ kind, answer }) => {
  expect(Object.keys(answer)).toEqual(fieldsOf(kind))
})
