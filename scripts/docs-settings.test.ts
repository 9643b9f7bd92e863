import { readFileSync } from 'node:fs'
import { settings } from '@latchkey/server/settings'
import { describe, expect, it } from 'vitest'

const page = readFileSync(new URL('../docs/operate/settings.md', import.meta.url), 'utf8')
/** Name and default of each row of the table. */
const rows = new Map(
  [...page.matchAll(/^\| `(\w+)` \| (?:none|`([^`]*)`) \|/gm)].map((match) => [match[1], match[2] ?? '']),
)

describe('docs/operate/settings.md', () => {
  it.each(Object.values(settings))('has $name with its default', ({ name, fallback }) => {
    expect(rows.get(name)).toBe(fallback)
  })

  it('describes no setting that does not exist', () => {
    const known = Object.values(settings).map(({ name }) => name)
    expect([...rows.keys()].filter((name) => !known.includes(name as never))).toEqual([])
    // Those that show what a mistake looks like, and what is none.
    const shown = ['LATCHKEY_TRUSTED_PROXY', 'LATCHKEY_SERVICE_HOST', 'LATCHKEY_PORT']
    const named = new Set(page.match(/LATCHKEY_[A-Z_]+/g)?.filter((name) => !shown.includes(name)))
    expect([...named].filter((name) => !known.includes(name as never))).toEqual([])
  })
})
