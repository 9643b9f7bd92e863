import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { checkStructure } from './check-structure.ts'

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

type Tree = Readonly<Record<string, string>>

/** Plants a tree; answers what is found in it as `path:line rule`. */
function check(tree: Tree): string[] {
  return violations(tree).map(({ path, line, rule }) => `${path}:${line} ${rule}`)
}

function violations(tree: Tree): ReturnType<typeof checkStructure> {
  const root = mkdtempSync(join(tmpdir(), 'structure-'))
  roots.push(root)
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkStructure(root)
}

function lines(count: number): string {
  return 'a\n'.repeat(count)
}

test('this repository is clean', () => {
  expect(checkStructure(fileURLToPath(new URL('..', import.meta.url)))).toEqual([])
})

test('a tree without source is a violation, not a pass', () => {
  expect(violations({ 'README.md': '' }).map(({ rule }) => rule)).toEqual(['empty'])
})

test('a violation quotes the line and says how to mend it', () => {
  const [found] = violations({
    'packages/core/src/key.ts': "\nimport { a } from '@latchkey/contract/keys'\n",
  })
  expect(found).toMatchObject({ line: 2, rule: 'wall', text: "import { a } from '@latchkey/contract/keys'" })
  expect(found?.mend).toContain('core may not import contract')
})

describe('walls', () => {
  const server = 'packages/server/src'
  const forbidden: readonly (readonly [path: string, statement: string])[] = [
    ['packages/core/src/key.ts', "import { createHmac } from 'node:crypto'"],
    ['packages/core/src/key.ts', "import type { Buffer } from 'node:buffer'"],
    ['packages/core/src/fingerprint.ts', "import { crc32 } from 'node:zlib'"],
    ['packages/core/src/key.ts', "import { Type } from 'typebox'"],
    ['packages/contract/src/keys.ts', "import { readFileSync } from 'node:fs'"],
    ['packages/contract/src/keys.ts', "import { createApp } from '@latchkey/server'"],
    [`${server}/storage/tables/keys.ts`, "import { Key } from '@latchkey/contract/keys'"],
    [`${server}/storage/tables/keys.ts`, "import { verify } from '../verification/verify.ts'"],
    [`${server}/storage/tables/keys.ts`, "import type { Verify } from '../verification/verify.ts'"],
    [`${server}/verification/usage/usage.ts`, "import { createKey } from '../../keys/create-key.ts'"],
    [`${server}/keys/create-key.ts`, "import { publish } from '../verification/publish.ts'"],
    [`${server}/keys/create-key.ts`, "import { createUser } from '../users/create-user.ts'"],
    [`${server}/keys/create-key.ts`, "export { present } from '../http/present.ts'"],
    [`${server}/http/route.ts`, "import { insertKey } from '../storage/tables/keys.ts'"],
    [`${server}/http/route.ts`, "import { findKey, deleteKey as remove } from '../storage/tables/keys.ts'"],
    [`${server}/http/route.ts`, "import { getaway } from '../storage/tables/keys.ts'"],
    [`${server}/http/route.ts`, "import * as keys from '../storage/tables/keys.ts'"],
    [`${server}/http/route.ts`, "const keys = await import('../storage/tables/keys.ts')"],
    [`${server}/http/route.ts`, "import { createServices } from '../services.ts'"],
    [`${server}/http/wire/query.ts`, "import { authenticate } from '../admission/authenticate.ts'"],
    [`${server}/http/present/problem.ts`, "import { router } from '../router.ts'"],
    [`${server}/keys/create-key.ts`, "import { openSqlite } from '../storage/sqlite/sqlite.ts'"],
    [`${server}/storage/tables/keys.ts`, "import { openSqlite } from '../sqlite/sqlite.ts'"],
    [`${server}/storage/sqlite/writer.ts`, "import { connect } from '../postgres/connection.ts'"],
    [`${server}/services.ts`, "import { route } from './http/route.ts'"],
    [`${server}/app.ts`, "import { createServices } from './services.ts'"],
    [`${server}/app.ts`, "import { findKey } from './storage/tables/keys.ts'"],
    [`${server}/config.ts`, "import { findKey } from './storage/tables/keys.ts'"],
    ['packages/cli/src/serve.ts', "import { serve } from '@latchkey/server'"],
    [
      'packages/cli/src/serve.ts',
      "const { findKey } = await import('../../server/src/storage/tables/keys.ts')",
    ],
    ['packages/client/src/request.ts', "import { Key } from '@latchkey/contract/keys'"],
    ['packages/client/src/request.ts', "import ky from 'ky'"],
    ['packages/console/src/ui/table.tsx', "import { Key } from '@latchkey/core/key'"],
    ['packages/console/src/ui/table.tsx', "import { cache } from '@latchkey/client/verifier/cache'"],
    ['packages/console/src/features/keys/page.tsx', "import { login } from '../session/login.tsx'"],
    ['packages/server/test/http/keys.test.ts', "import { seed } from '../../../core/src/seed.ts'"],
    ['packages/cli/test/serve.test.ts', "import { findKey } from '@latchkey/server/storage/keys'"],
    [`${server}/keys/create-key.ts`, "import { seed } from '../../test/seed.ts'"],
    [`${server}/keys/create-key.ts`, 'const found = await import(name)'],
    [`${server}/plumbing/pipe.ts`, 'export const pipe = 1'],
    ['packages/gadget/src/pipe.ts', 'export const pipe = 1'],
  ]
  test.each(forbidden)('%s may not have: %s', (path, statement) => {
    const isNewPlace = statement.startsWith('export const')
    expect(check({ [path]: `const before = 1\n${statement}\n` })).toEqual([
      `${path}:${isNewPlace ? 1 : 2} wall`,
    ])
  })

  const allowed: readonly (readonly [path: string, statement: string])[] = [
    ['packages/core/src/secret.ts', "import { crc32 } from 'node:zlib'"],
    ['packages/core/src/fingerprint.ts', "import { hash } from 'node:crypto'"],
    ['packages/core/src/key.test.ts', "import { readFileSync } from 'node:fs'"],
    [
      'packages/contract/src/keys.ts',
      "import { isKeyId } from '@latchkey/core/ids'\nimport { Type } from 'typebox'",
    ],
    [`${server}/idempotency/run-once.ts`, "import type { Changes } from '../changes/changes.ts'"],
    [`${server}/idempotency/run-once.ts`, "import { type Changes } from '../changes/changes.ts'"],
    [`${server}/keys/create-key.ts`, "import { record } from '../audit/record.ts'"],
    [
      `${server}/http/route.ts`,
      "import { findKey, listKeys as list, type KeyRow } from '../storage/tables/keys.ts'",
    ],
    [`${server}/http/routes/list-keys.ts`, "import type { Services } from '../../services.ts'"],
    [`${server}/services.ts`, "import { openSqlite } from './storage/sqlite/sqlite.ts'"],
    [`${server}/app.ts`, "import { routes } from './http/routes/index.ts'"],
    ['packages/cli/src/serve.ts', "const { serve } = await import('@latchkey/server')"],
    ['packages/cli/src/serve.ts', "import type { Config } from '@latchkey/server'"],
    ['packages/client/src/request.ts', "import type { Key } from '@latchkey/contract/keys'"],
    ['packages/console/src/features/keys/page.tsx', "import { parse } from '@latchkey/core/allowlist'"],
    ['packages/server/test/http/keys.test.ts', "import { findKey } from '../../src/storage/tables/keys.ts'"],
    ['packages/server/test/http/keys.test.ts', "import { operations } from '@latchkey/contract/operations'"],
    ['e2e/console.test.ts', "import { chromium } from 'playwright-core'"],
  ]
  test.each(allowed)('%s may have: %s', (path, statement) => {
    expect(check({ [path]: `${statement}\n` })).toEqual([])
  })

  test('what looks like an import in a comment, string, template or regex is none', () => {
    const text = [
      "// import { a } from 'node:fs'",
      "/* import { a } from 'node:fs' */",
      'const quoted = "import { a } from \'node:fs\'"',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the planted text
      "const template = `${1}\nimport { a } from 'node:fs'\n${`import('node:fs')`}`",
      "const regex = /[/'\"`]import('node:fs')/",
    ].join('\n')
    expect(check({ 'packages/core/src/key.ts': text })).toEqual([])
  })

  test('an import behind a quote, a division or a template is still seen', () => {
    const text = [
      'const half = a / 2 // it’s / not a regex',
      'const quotes = /[\'"`]/',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the planted text
      'const template = `${{ a: `}` }.a}`',
      "import {\n  a, // the first\n  b,\n} from 'node:fs'",
    ].join('\n')
    expect(check({ 'packages/core/src/key.ts': text })).toEqual(['packages/core/src/key.ts:4 wall'])
  })

  test('an expression inside a template is code', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the planted text
    const text = "const a = `x\n${await import('node:fs')}`"
    expect(check({ 'packages/core/src/key.ts': text })).toEqual(['packages/core/src/key.ts:2 wall'])
  })
})

describe('cycles', () => {
  test('a ring is reported once, with its way round', () => {
    const found = violations({
      'packages/core/src/a.ts': "\nimport { b } from './b.ts'\n",
      'packages/core/src/b.ts': "import { c } from '@latchkey/core/c'\n",
      'packages/core/src/c.ts': "import { a } from './a.ts'\n",
      'packages/core/src/d.ts': "import { a } from './a.ts'\n",
    })
    expect(found).toMatchObject([{ path: 'packages/core/src/a.ts', line: 2, rule: 'cycle' }])
    expect(found[0]?.mend).toContain(
      'core/src/a.ts → packages/core/src/b.ts → packages/core/src/c.ts → packages',
    )
  })

  test('types alone make one too, and so does a file that imports itself', () => {
    expect(
      check({
        'packages/core/src/a.ts': "import type { B } from './b.ts'\n",
        'packages/core/src/b.ts': "import type { A } from './a.ts'\n",
        'packages/core/src/c.ts': "import { c } from './c.ts'\n",
      }),
    ).toEqual(['packages/core/src/a.ts:1 cycle', 'packages/core/src/c.ts:1 cycle'])
  })
})

describe('names', () => {
  test.each([
    'packages/core/src/utils.ts',
    'packages/core/src/types.ts',
    'packages/core/src/common/key.ts',
    'packages/core/src/key-manager.ts',
    'packages/core/src/keyInfo.ts',
    'packages/core/src/process-key.ts',
    'packages/server/src/keys/services.ts',
    'packages/server/src/keys/controllers/key.ts',
    'packages/server/test/helpers.ts',
    'packages/core/src/data/key.ts',
  ])('%s is refused', (path) => {
    expect(check({ [path]: 'export const a = 1\n' })).toEqual([`${path}:1 name`])
  })

  test('the composition root may be called services.ts, a word within a word is no word', () => {
    const text = 'export const a = 1\n'
    expect(
      check({
        'packages/server/src/services.ts': text,
        'packages/core/src/database.ts': text,
        'scripts/format.ts': text,
      }),
    ).toEqual([])
  })

  test('exported functions and classes say what they do', () => {
    const text = [
      'export function handleKey() {}',
      'export async function parseKeyInfo() {}',
      'export const processKey = (key: Key) => key',
      'export class KeyManager {}',
      'export const keyData = 1',
      'export function parseHandle() {}',
      'export function prepareDataDir() {}',
      'export function createServices() {}',
      'function handleLocally() {}',
    ].join('\n')
    const path = 'packages/core/src/key.ts'
    expect(check({ [path]: text })).toEqual([1, 2, 3, 4].map((line) => `${path}:${line} name`))
  })
})

describe('size', () => {
  // Many short files, so that the median stays out of it.
  const short = Object.fromEntries(
    Array.from({ length: 5 }, (_, n) => [`packages/core/src/short-${n}.ts`, 'a\n']),
  )

  test('a file has at most 300 lines, a test 600', () => {
    expect(
      check({
        ...short,
        'packages/core/src/a.ts': lines(300),
        'packages/core/src/b.ts': lines(301),
        'packages/core/src/c.test.ts': lines(600),
        'packages/core/src/d.test.ts': lines(601),
      }),
    ).toEqual(['packages/core/src/b.ts:301 size', 'packages/core/src/d.test.ts:601 size'])
  })

  test('the median file has at most 90 lines; tests do not count', () => {
    const tests = {
      'packages/core/src/b.test.ts': 'a\n',
      'packages/core/test/c.ts': 'a\n',
      'e2e/d.ts': 'a\n',
    }
    expect(check({ ...tests, 'packages/core/src/a.ts': lines(90) })).toEqual([])
    expect(check({ ...tests, 'packages/core/src/a.ts': lines(91) })).toEqual(['packages:1 size'])
  })

  const body = (count: number): string => ` {\n${'  f(1)\n'.repeat(count - 2)}}`
  test.each([
    ['a declaration', 'export function a(b: { c: string } = {})'],
    ['an object as the answer', 'function a(): { b: string }'],
    ['a generic answer', 'async function a(): Promise<Map<string, { b: () => void }>>'],
    ['a function as the answer', 'function a(): (b: number) => { c: string }'],
    ['a predicate', 'function a(b: unknown): b is { c: string }'],
    ['a generator', 'function* a<T extends { b: string }>(c: T)'],
    ['a method', 'class A extends mixin(B) { constructor() {}\n  get b(): string[]'],
    ['an arrow', 'const a = async (b: string): Promise<void> =>'],
    ['an arrow of one parameter', 'const a = (b => c)(d =>'],
    ['a callback behind a ternary', 'const a = b ? f(c) : (d: string) =>'],
  ])('a function has at most 60 lines: %s', (_, head) => {
    const line = head.split('\n').length
    const path = 'packages/core/src/key.ts'
    expect(check({ ...short, [path]: `${head}${body(60)}` })).toEqual([])
    expect(check({ ...short, [path]: `${head}${body(61)}` })).toEqual([`${path}:${line} size`])
    expect(check({ ...short, 'packages/core/src/key.test.ts': `${head}${body(61)}` })).toEqual([])
  })

  test.each([
    ['a control block', 'if (a)'],
    ['a class', 'class A'],
    ['a class on a mixin', 'class A extends mixin(B)'],
    ['an object', 'const a ='],
    ['an object behind a call', 'const a = b ? f(c) :'],
    ['a type', 'type A ='],
    [
      'an overload before a block',
      'function a(): string\nfunction a(b: string): string\ndeclare namespace b',
    ],
  ])('what is no function has no such limit: %s', (_, head) => {
    expect(check({ ...short, 'packages/core/src/key.ts': `${head}${body(61)}` })).toEqual([])
  })
})

describe('habits', () => {
  test('the environment is read in one place', () => {
    const text =
      "const a = process.env.A\nconst b = process['env']\nconst { env } = process\nimport { env } from 'node:process'\n"
    const path = 'packages/server/src/telemetry/log.ts'
    expect(check({ [path]: text })).toEqual([1, 2, 3, 4].map((line) => `${path}:${line} environment`))
    for (const reader of [
      'packages/server/src/config.ts',
      'packages/server/test/server.ts',
      'packages/cli/bin/latchkey.js',
      'scripts/a.ts',
      'bench/a.ts',
    ]) {
      expect(check({ [reader]: text }), reader).toEqual([])
    }
    expect(check({ [path]: 'process.exitCode = 1 // not process.env\n' })).toEqual([])
  })

  test('core has no clock, chance, network or environment', () => {
    const path = 'packages/core/src/key.ts'
    const text = 'new Date()\nDate.now()\nMath.random()\nfetch(a)\nconsole.log(a)\nnew Date(ms)\na.fetch(b)\n'
    expect(check({ [path]: text })).toEqual([1, 2, 3, 4, 5].map((line) => `${path}:${line} purity`))
    expect(check({ 'packages/core/src/key.test.ts': text, 'packages/cli/src/clock.ts': text })).toEqual([])
  })

  test('any is no type', () => {
    const path = 'packages/core/src/key.test.ts'
    const bad = [
      'let a: any',
      'f(b as any)',
      'type A = Record<string, any>',
      'type B = string | any',
      'let c: any[] = []',
    ]
    const good = ['// any', 'Promise.any(a)', "const d = { any: 'any' }", 'a.any', 'let many: company']
    const found = check({ [path]: [...bad, ...good].join('\n') })
    expect(found).toEqual(bad.map((_, index) => `${path}:${index + 1} any`))
  })

  test('nothing is exported as default but by vitest.config.ts', () => {
    const text = '\nexport default 1\n'
    expect(check({ 'vitest.config.ts': text, 'packages/core/src/key.ts': text })).toEqual([
      'packages/core/src/key.ts:2 default-export',
    ])
    expect(check({ 'scripts/a.ts': 'export { a as default }\n' })).toEqual(['scripts/a.ts:1 default-export'])
  })

  test('only the public index of a package passes on', () => {
    const text = "export { a } from './a.ts'\n"
    expect(
      check({
        'packages/client/src/index.ts': "export * from './a.ts'\n",
        'packages/server/src/keys/index.ts': `// the keys\n${text}`,
        'packages/server/src/keys/create-key.ts': "\nexport * from './a.ts'\n",
        'packages/server/src/keys/get-key.ts': text,
        'packages/server/src/http/routes/index.ts':
          "import { a } from './a.ts'\nexport const routes = { a }\n",
        'packages/server/src/users/index.ts': "import { a } from './a.ts'\nexport { a }\n",
      }),
    ).toEqual([
      'packages/server/src/keys/create-key.ts:2 barrel',
      'packages/server/src/keys/index.ts:1 barrel',
      'packages/server/src/users/index.ts:1 barrel',
    ])
  })

  test('open work carries the number of its issue', () => {
    const mark = 'TO' + 'DO'
    const text =
      `// ${mark}(#12): later\nconst a = '${mark}'\n// ${mark}: later\n/* FIX` +
      `ME */\n// ${mark}(me): later\n`
    const path = 'packages/core/src/key.ts'
    expect(check({ [path]: text })).toEqual([3, 4, 5].map((line) => `${path}:${line} mark`))
  })
})
