import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const isOurs = (file: string) => !/(?:^|\/)(?:node_modules|data|\.git)\//.test(file)
const pages = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules/**'] })
  .filter(isOurs)
  .sort()
const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8')

const FENCE = /^ *(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1 *$/gm
const CODE_SPAN = /(`+)(?:(?!`)[\s\S])*?\1/g
const LINK = /\[(?:[^\]]*)\]\(<?([^()\s<>]+)>?(?: "[^"]*")?\)|^ *\[[^\]]+\]: *(\S+)|<a [^>]*href="([^"]+)"/gm

function linksOf(page: string): string[] {
  const prose = textOf(page).replaceAll(FENCE, '').replaceAll(CODE_SPAN, 'code')
  const targets = [...prose.matchAll(LINK)].map((match) => match[1] ?? match[2] ?? match[3]!)
  return targets.filter((target) => !/^(?:[a-z]+:|\/\/)/i.test(target))
}

/** What GitHub makes of headings: lower case, punctuation away, spaces to hyphens, repeated ones numbered. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading] of textOf(page)
    .replaceAll(FENCE, '')
    .matchAll(/^#{1,6} +(.+?) *#* *$/gm)) {
    const plain = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

/** What is wrong with a link; undefined when it leads somewhere. */
function faultOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = decodeURI(target).split('#', 2)
  const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path)
  if (relative(ROOT, file).startsWith('..')) return `${target} leaves the repository`
  if (!existsSync(file)) return `${target} leads to nothing`
  if (anchor === undefined) return undefined
  if (statSync(file).isDirectory() || !file.endsWith('.md'))
    return `${target} has an anchor in no Markdown file`
  return anchorsOf(relative(ROOT, file)).has(anchor)
    ? undefined
    : `${target} names a heading that is not there`
}

/** The names under "Commands:" of a help text. */
function subcommands(...path: string[]): string[] {
  const help = execFileSync(
    process.execPath,
    [join(ROOT, 'packages/cli/bin/latchkey.js'), ...path, '--help'],
    { encoding: 'utf8' },
  )
  const [, list = ''] = help.split(/^Commands:$/m)
  const names = [...list.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map((match) => match[1]!)
  return names.filter((name) => name !== 'help')
}

/** Every `latchkey …` that stands in code, in as many words as name a command. A container may be called so, too. */
function commandsIn(page: string): string[] {
  const text = textOf(page)
  const code = [...text.matchAll(FENCE), ...text.replaceAll(FENCE, '').matchAll(CODE_SPAN)]
  const uses = code.flatMap(([block]) => [
    ...block.matchAll(/(?<!exec |run |-u |@|[\w/.=-])latchkey +([a-z][a-z-]*)(?: +([a-z][a-z-]*))?/g),
  ])
  return uses.map(([, first, second]) => (second === undefined ? first! : `${first} ${second}`))
}

describe('the Markdown pages', () => {
  it.each(pages)('%s has no link that leads nowhere', (page) => {
    expect(linksOf(page).flatMap((target) => faultOf(page, target) ?? [])).toEqual([])
  })

  it('name only commands that exist', () => {
    const single = subcommands()
    const groups = single.filter((name) => ['audit', 'keys', 'users'].includes(name))
    const nested = new Map(groups.map((group) => [group, subcommands(group)]))
    const isKnown = (command: string) => {
      const [first = '', second] = command.split(' ')
      const inside = nested.get(first)
      return inside === undefined ? single.includes(first) : second === undefined || inside.includes(second)
    }
    const unknown = pages.flatMap((page) =>
      commandsIn(page)
        .filter((command) => !isKnown(command))
        .map((command) => `${page}: latchkey ${command}`),
    )
    expect(groups).toHaveLength(3)
    expect(unknown).toEqual([])
  })

  it('name only scripts that npm can run', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    const named = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script]) => ({ page, script: script! })),
    )
    expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([])
  })
})

describe('the indexes', () => {
  it.each([
    ['docs/decisions/README.md', /^docs\/decisions\/\d/],
    ['docs/README.md', /^docs\/(?:use|operate)\//],
  ])('%s leads to every page it is the index of', (index, isIndexed) => {
    const linked = linksOf(index).map((target) => join(dirname(index), target.split('#', 1)[0]!))
    expect(pages.filter((page) => isIndexed.test(page) && !linked.includes(page))).toEqual([])
  })
})

describe('README.md', () => {
  it.each(['npm ci && npm start', 'npm ci && npm test'])(
    'says that "%s" is all there is to do',
    (command) => {
      expect(textOf('README.md').split('\n')).toContain(command)
    },
  )
})
