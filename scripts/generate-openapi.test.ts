import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateOpenApi, openApiText } from './generate-openapi.ts'

let path: string

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'openapi-')), 'openapi.json')
})
afterEach(() => rmSync(join(path, '..'), { recursive: true }))

describe('generating', () => {
  test('writes the document where there is none, and is then up to date', () => {
    expect(generateOpenApi(path, false)).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe(openApiText())
    expect(generateOpenApi(path, true)).toBe(true)
  })

  test('writes over a stale document', () => {
    writeFileSync(path, '{}\n')
    generateOpenApi(path, false)
    expect(readFileSync(path, 'utf8')).toBe(openApiText())
  })
})

describe('checking', () => {
  test.each(['{}\n', openApiText().trimEnd()])(
    'finds a stale document stale, and leaves it as it is',
    (stale) => {
      writeFileSync(path, stale)
      expect(generateOpenApi(path, true)).toBe(false)
      expect(readFileSync(path, 'utf8')).toBe(stale)
    },
  )

  test('finds a missing document stale, and writes none', () => {
    expect(generateOpenApi(path, true)).toBe(false)
    expect(() => readFileSync(path)).toThrow('ENOENT')
  })
})
