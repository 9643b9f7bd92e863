import { describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../src/openapi/document.ts'
import { openApiDocument } from '../src/openapi.ts'
import {
  REFERENCE_STYLE,
  renderErrorIndex,
  renderErrorPage,
  renderReferencePage,
} from '../src/reference-page.ts'

const document = openApiDocument()
const kind = {
  code: 'invalid_ip',
  title: 'Invalid address',
  status: 400,
  meaning: 'An entry is no address.',
  remedy: 'Write 192.0.2.7.',
}
const pages = {
  reference: renderReferencePage(document),
  error: renderErrorPage(kind),
  errors: renderErrorIndex([kind, { ...kind, code: 'missing_permission', status: 403 }]),
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
)

/** Text as the page shows it. */
const shown = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

const attributes = (page: string, name: string): string[] =>
  [...page.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value)

/** Elements that are opened and never closed, or closed and never opened. */
function unbalanced(page: string): string[] {
  const open: string[] = []
  const faults: string[] = []
  for (const [, slash, name = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
    if (['meta', 'link'].includes(name)) continue
    if (slash === '') open.push(name)
    else if (open.at(-1) === name) open.pop()
    else faults.push(name)
  }
  return [...faults, ...open]
}

describe.each(Object.entries(pages))('the %s page', (_name, page) => {
  test('sets no variable that the service would take for a setting and refuse to start', () => {
    expect(page).not.toMatch(/LATCHKEY_\w+=|\$LATCHKEY_/)
  })

  test('has no script, no inline style and no event attribute', () => {
    expect(page).not.toMatch(/<script|javascript:|\sstyle=|<style|<[^>]*\son\w+=/i)
  })

  test('loads nothing but its icon and style sheet, and leads nowhere but to this service', () => {
    expect(page.match(/<link\b[^>]*>/g)).toEqual([
      '<link rel="icon" href="/favicon.ico" type="image/svg+xml">',
      '<link rel="stylesheet" href="/docs/style.css">',
    ])
    expect(page).not.toMatch(/<(?:img|iframe|object|embed|video|audio|source|base|form)\b|\ssrc=|srcset=/)
    expect(attributes(page, 'href').filter((target) => !/^(?:\/(?!\/)|#)/.test(target))).toEqual([])
    expect(
      (page.match(/https?:\/\/[^\s"'/<&]*/g) ?? []).filter((url) => url !== 'http://localhost:7070'),
    ).toEqual([])
  })

  test('is a complete document in which every element is closed', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(unbalanced(page)).toEqual([])
  })

  test('has one main landmark, one heading of the first order, and a way past the navigation', () => {
    expect(page.match(/<main\b/g)).toHaveLength(1)
    expect(page.match(/<h1\b/g)).toHaveLength(1)
    expect(page).toContain('<a class="skip" href="#content">')
    const levels = [...page.matchAll(/<h([1-6])\b/g)].map(([, level]) => Number(level))
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([])
  })

  test('gives every id once, and every link to one leads there', () => {
    const ids = attributes(page, 'id')
    expect(new Set(ids).size).toBe(ids.length)
    const targets = attributes(page, 'href').filter((target) => target.startsWith('#'))
    expect(targets.filter((target) => !ids.includes(target.slice(1)))).toEqual([])
  })
})

describe.each(operations)('$operationId on the reference page', (operation) => {
  const { operationId, method, path, summary } = operation
  const start = pages.reference.indexOf(`<article class="operation" id="${operationId}"`)
  const article = pages.reference.slice(start, pages.reference.indexOf('</article>', start))

  test('is there, with method, path and summary, and in the contents', () => {
    expect(start).toBeGreaterThan(0)
    expect(article).toContain(
      `<span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code>`,
    )
    expect(article).toContain(shown(summary))
    const contents = pages.reference.slice(pages.reference.indexOf('<nav'), pages.reference.indexOf('</nav>'))
    expect(contents).toContain(`href="#${operationId}"`)
  })

  test('names its permission and every problem code', () => {
    if (operation['x-permission'] !== null)
      expect(article).toContain(`<code>${operation['x-permission']}</code>`)
    const codes = Object.values(operation['x-problem-codes']).flat()
    expect(codes.filter((code) => !article.includes(`href="/errors/${code}"`))).toEqual([])
  })

  test('has a table row for every parameter and every field of its body', () => {
    const parameters = operation.parameters.map((part) =>
      '$ref' in part ? document.components.parameters[part.$ref.split('/').at(-1)!]!.name : part.name,
    )
    const body = operation.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1) ?? ''
    const fields = Object.keys(document.components.schemas[body]?.properties ?? {})
    for (const name of [...parameters, ...fields]) {
      expect(article).toContain(`<th scope="row"><code>${name}</code>`)
    }
  })

  test('has a curl line with every path parameter filled in', () => {
    const line = article.match(/curl (?:-X \w+ )?http:\/\/localhost:7070[^\s<]*/)?.[0]
    expect(line).toMatch(new RegExp(`7070${path.replaceAll(/\{\w+\}/g, '[a-z]+_\\w+')}$`))
    // A token request is proven by the key in its form.
    const isOpen = operation.security.length === 0 && operation.operationId !== 'requestToken'
    expect(/\$(?:KEY|TOKEN)\b/.test(article)).toBe(!isOpen)
  })
})

describe('text of the document', () => {
  const hostile = `"><script>alert(1)</script><i onclick='x'>&amp;`

  test('never becomes markup, wherever it stands', () => {
    const page = renderReferencePage(poison(document, hostile) as OpenApiDocument)
    expect(page).not.toMatch(/<script|<i\b/)
    expect(page.split(shown(hostile)).length).toBeGreaterThan(1_000)
    expect(unbalanced(page)).toEqual([])
  })

  test('never becomes markup on the pages of the errors', () => {
    const hostileKind = { ...kind, code: hostile, title: hostile, meaning: hostile, remedy: hostile }
    for (const page of [renderErrorPage(hostileKind), renderErrorIndex([hostileKind])]) {
      expect(page).not.toMatch(/<script|<i\b/)
      expect(page).toContain(shown(hostile))
      expect(unbalanced(page)).toEqual([])
    }
  })

  test('with a quotation mark does not end the body of a curl line early', () => {
    const text = JSON.stringify(document).replaceAll('"Nightly import"', `"it's $(id)"`)
    expect(renderReferencePage(JSON.parse(text))).toContain(shown(`it'\\''s $(id)`))
  })
})

/** The document with a text put before every text of it but those that are looked up. */
function poison(value: unknown, text: string, name = ''): unknown {
  if (typeof value === 'string') return ['$ref', 'type'].includes(name) ? value : text + value
  if (Array.isArray(value)) return value.map((part) => poison(part, text, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, poison(part, text, field)]))
}

describe('the style sheet', () => {
  test('loads nothing', () => {
    expect(REFERENCE_STYLE).not.toMatch(/url\(|@import|@font-face|https?:/)
  })

  test('leaves room for the text on a narrow screen, and breaks no name there', () => {
    const [, narrow = ''] = /@media \(max-width: 52rem\) \{([\s\S]*?)\n\}/.exec(REFERENCE_STYLE) ?? []
    // The contents scroll in a part of the screen, and tables beside it: `whitelistedIPs` stays one word.
    expect(narrow).toMatch(/nav \{[^}]*max-height: \d+rem/)
    expect(narrow).toMatch(/table \{ min-width: \d+rem; \}/)
    expect(REFERENCE_STYLE).toMatch(/\.table \{ overflow-x: auto/)
    expect(REFERENCE_STYLE).not.toMatch(/word-break: break-all/)
  })

  const [light = '', dark = ''] = REFERENCE_STYLE.match(/:root \{[^}]*\}/g) ?? []
  test.each([
    ['light', light],
    ['dark', dark],
  ])('keeps every %s colour of text readable (WCAG 2.2, 1.4.3: 4.5 to 1)', (_theme, block) => {
    const colors = Object.fromEntries(
      [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(
        ([, name = '', hex = '']) => [name, hex] as const,
      ),
    )
    const { ground, raised, line: _line, 'code-ground': codeGround, ...texts } = colors
    expect(Object.keys(texts).length).toBeGreaterThan(8)
    for (const [name, hex] of Object.entries(texts)) {
      for (const behind of [ground, raised, codeGround]) {
        expect(contrast(hex, behind ?? ''), `${name} on ${behind}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

/** WCAG 2.2, contrast ratio. */
function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (bright + 0.05) / (dim + 0.05)
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
