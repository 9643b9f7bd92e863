import type { Mutant } from './find-mutants.ts'
import type { Host } from './syntax.ts'

/** The name under which switch.ts answers whether a mutant is on. Absent in processes a test starts: none is. */
export const SWITCH_NAME = '__isMutantOn'

/**
 * One text for all mutants of a file, so that it is compiled once: each place asks which of its own is on. Places
 * lie within each other; a mutant's own text is plain.
 */
export function switchable(text: string, mutants: readonly Mutant[]): string {
  const places = new Map<string, Place>()
  for (const mutant of mutants) {
    const { host } = mutant
    const key = `${host.start}-${host.end}-${host.kind}`
    const place = places.get(key) ?? { host, mutants: [] }
    place.mutants.push(mutant)
    places.set(key, place)
  }
  // A statement comes before the expression it consists of.
  const ordered = [...places.values()].sort(
    (one, other) =>
      one.host.start - other.host.start ||
      other.host.end - one.host.end ||
      (one.host.kind === 'statement' ? -1 : 1),
  )
  return render(text, 0, text.length, ordered)
}

type Place = { readonly host: Host; readonly mutants: Mutant[] }

function render(text: string, start: number, end: number, places: readonly Place[]): string {
  let rendered = ''
  let position = start
  for (let index = 0; index < places.length; ) {
    const place = places[index]!
    const within = places.slice(index + 1).findIndex(({ host }) => host.start >= place.host.end)
    const next = within < 0 ? places.length : index + 1 + within
    const { host } = place
    const inner = render(text, host.start, host.end, places.slice(index + 1, next))
    rendered += text.slice(position, host.start) + withSwitches(text, place, inner)
    position = host.end
    index = next
  }
  return rendered + text.slice(position, end)
}

function withSwitches(text: string, { host, mutants }: Place, inner: string): string {
  const isOn = ({ number }: Mutant) => `globalThis.${SWITCH_NAME}?.(${number})`
  const changed = ({ start, end, replacement }: Mutant) =>
    text.slice(host.start, start) + replacement + text.slice(end, host.end)
  if (host.kind === 'statement') {
    return `${mutants.map((mutant) => `if (${isOn(mutant)}) { ${changed(mutant)}\n} else `).join('')}{ ${inner}\n}`
  }
  return `(${mutants.map((mutant) => `${isOn(mutant)} ? (${changed(mutant)}) : `).join('')}(${inner}))`
}
