import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { declarationOf, typeText } from './client-types/type-text.ts'
import { clientTypesText } from './generate-client-types.ts'

test('the types of the client are those of the contract: npm run build', () => {
  const path = new URL('../packages/client/src/wire.ts', import.meta.url)
  expect(readFileSync(path, 'utf8')).toBe(clientTypesText())
})

describe('a schema becomes a type', () => {
  test.each([
    [{ type: 'string' }, 'string'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: 'integer' }, 'number'],
    [{ type: 'string', enum: ['a', 'b'] }, '"a" | "b"'],
    [{ const: 'ok' }, '"ok"'],
    [{ anyOf: [{ type: 'string' }, { type: 'boolean' }] }, 'string | boolean'],
    [{ type: 'array', items: { type: 'string' } }, 'readonly string[]'],
    [{ type: 'array', items: { type: ['string', 'null'] } }, 'ReadonlyArray<string | null>'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'Record<string, string>'],
    [{ type: 'object', additionalProperties: true }, 'Record<string, unknown>'],
    [
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'null' } }, required: ['a'] },
      '{\n  a: string\n  b?: null\n}',
    ],
    [{ $ref: '#/components/schemas/Role' }, 'Role'],
  ])('%j', (schema, text) => {
    expect(typeText(schema)).toBe(text)
  })

  test('what cannot be said is no type', () => {
    expect(() => typeText({ not: {} })).toThrow('no type can be printed')
  })

  test('its description cannot end the comment it stands in', () => {
    expect(declarationOf('A', { type: 'string', description: 'a */ b' })).toBe(
      '/** a * / b */\nexport type A = string',
    )
  })
})
