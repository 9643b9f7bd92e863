import { writeFileSync } from 'node:fs'
import { afterAll, inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The number of the mutant that is on; -1: none. */
    readonly mutant: number
    /** How often its place may be come by: more is a loop without end. */
    readonly visitsMax: number
    /** The file that takes how often each place was come by; '': nobody asks. */
    readonly visitsFile: string
  }
}

/** What vitest loads before each test file: the switch that the mutated text asks. */
const mutant = inject('mutant')
const visitsMax = inject('visitsMax')
const visitsFile = inject('visitsFile')
const visits = new Map<number, number>()
let visited = 0

Object.assign(globalThis, {
  __isMutantOn: visitsFile === '' ? isOn : count,
})

function isOn(number: number): boolean {
  if (number !== mutant) return false
  visited += 1
  if (visited > visitsMax) throw new Error('the mutant loops without end')
  return true
}

function count(number: number): boolean {
  visits.set(number, (visits.get(number) ?? 0) + 1)
  return false
}

if (visitsFile !== '') afterAll(() => writeFileSync(visitsFile, JSON.stringify([...visits])))
