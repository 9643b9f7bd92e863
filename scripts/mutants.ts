import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compiling } from './mutants/compiling.ts'
import { findMutants, type Mutant } from './mutants/find-mutants.ts'
import { createProgress } from './mutants/progress.ts'
import { ROOMS, type Room } from './mutants/rooms.ts'
import { shuffled } from './mutants/shuffled.ts'
import { survey } from './mutants/survey.ts'
import { startTestRuns } from './mutants/test-runs.ts'
import { createTrials, type Trial } from './mutants/trials.ts'

/** A score with more of it is never lower. */
const PATIENCE_S = 15

const USAGE = `Changes the code in one small way after another, and looks whether a test notices.

  npm run mutants -- --sample 60              60 of each room, the same ones each time
  npm run mutants -- --room core              every mutant of a room: ${ROOMS.map(({ name }) => name).join(', ')}
  npm run mutants -- --file packages/core/src/evaluate.ts
  npm run mutants -- --file packages/core/src/evaluate.ts:31

  --sample N     that many valid ones of each room, drawn by the seed; otherwise all
  --seed N       what they are drawn by (1)
  --room NAME    this room only; may be given again
  --file PATH    this file only, or one line of it; may be given again
  --again        only what survived the last time; what was noticed then stands
  --tests GLOB   these test files, and not those that are about the room; may be given again
  --patience S   a mutant that tests of S seconds (${PATIENCE_S}) have not noticed counts as survived

Each one, and what became of it, is a line of coverage/mutants/ROOM.jsonl. Ends with 1 when a room is under its bar.
`

type Wanted = {
  readonly rooms: readonly Room[]
  /** None: all of the rooms. */
  readonly places: readonly Place[]
  readonly isAgain: boolean
  /** Infinity: all. */
  readonly sample: number
  readonly seed: number
  /** Of the tests that meet one mutant. */
  readonly patienceMs: number
}

type Place = { readonly path: string; readonly line: number | undefined }

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const FOLDER = join(ROOT, 'coverage/mutants')

async function main(): Promise<number> {
  const wanted = readArguments()
  if (wanted === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  mkdirSync(FOLDER, { recursive: true })
  let isUnderBar = false
  for (const rooms of Map.groupBy(wanted.rooms, ({ tests }) => tests.join()).values()) {
    for (const { room, noticed, survived } of await tryRooms(rooms, wanted)) {
      const score = (100 * noticed) / (noticed + survived)
      console.log(
        `${room.name}: ${noticed} of ${noticed + survived} noticed, ${score.toFixed(1)} % (bar ${room.bar} %)`,
      )
      isUnderBar ||= score < room.bar
    }
  }
  return isUnderBar ? 1 : 0
}

type Tried = { readonly room: Room; noticed: number; survived: number }
type ToTry = {
  readonly room: Room
  readonly report: Report
  readonly all: Mutant[]
  readonly chosen: Mutant[]
}

/**
 * Tries the mutants of rooms that answer to the same tests, which are surveyed once for all. What survives is printed
 * as soon as it is known.
 */
async function tryRooms(rooms: readonly Room[], wanted: Wanted): Promise<Tried[]> {
  const toTry: ToTry[] = []
  let count = 0
  for (const room of rooms) {
    const chosen = chooseFrom(room, wanted, count)
    count += chosen.all.length
    if (chosen.chosen.length > 0) toTry.push(chosen)
  }
  const [{ tests } = { tests: [] }] = rooms
  const paths = new Set(toTry.flatMap(({ chosen }) => chosen.map(({ path }) => path)))
  const mutants = toTry.flatMap(({ all }) => all).filter(({ path }) => paths.has(path))
  if (mutants.length === 0) return []
  const runs = await startTestRuns({ root: ROOT, tests, mutants })
  try {
    const surveying = createProgress('tests without a mutant', runs.testFiles.length)
    const surveyed = await survey(runs, join(FOLDER, 'visits.json'), (done) => surveying(done, ''))
    const tryMutant = createTrials(runs, surveyed, { mutants, patienceMs: wanted.patienceMs })
    const tried: Tried[] = []
    for (const room of toTry) tried.push(await tryRoom(room, tryMutant))
    return tried
  } finally {
    runs.stop()
  }
}

async function tryRoom(
  { room, report, chosen }: ToTry,
  tryMutant: (mutant: Mutant) => Promise<Trial>,
): Promise<Tried> {
  const tried: Tried = { room, noticed: 0, survived: 0 }
  const progress = createProgress(`${room.name}: mutants`, chosen.length)
  for (const [index, mutant] of chosen.entries()) {
    const trial = await tryMutant(mutant)
    report(mutant, trial)
    tried[trial.outcome === 'survived' ? 'survived' : 'noticed'] += 1
    if (trial.outcome === 'survived') console.log(`survived  ${describe(mutant)}`)
    progress(index + 1, `${tried.survived} survived`)
  }
  return tried
}

/** What of a room is tried, and all that could be, numbered from `firstNumber`. */
function chooseFrom(room: Room, wanted: Wanted, firstNumber: number): ToTry {
  const texts = new Map(pathsOf(room).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
  const all: Mutant[] = []
  for (const [path, text] of texts) all.push(...findMutants(path, text, firstNumber + all.length))
  const last = wanted.isAgain ? readReport(room) : undefined
  const report = createReport(room, last?.filter(({ outcome }) => outcome !== 'survived') ?? [])
  const concerned = last === undefined ? all : survivorsOf(last, all)
  const chosen = choose(concerned, wanted, (mutants) => {
    const valid = new Set(compiling(ROOT, join(FOLDER, 'types'), mutants, (path) => texts.get(path)!))
    for (const mutant of mutants) if (!valid.has(mutant)) report(mutant, { outcome: 'invalid' })
    return mutants.filter((mutant) => valid.has(mutant))
  })
  return { room, report, all, chosen }
}

/** Draws until there are enough that compile. */
function choose(
  all: readonly Mutant[],
  { places, sample, seed }: Wanted,
  valid: (mutants: Mutant[]) => Mutant[],
): Mutant[] {
  const isAt =
    (mutant: Mutant) =>
    ({ path, line }: Place) =>
      mutant.path === path && (line === undefined || mutant.line === line)
  const concerned = all.filter((mutant) => places.length === 0 || places.some(isAt(mutant)))
  if (sample === Number.POSITIVE_INFINITY) return valid(concerned)
  const drawn = shuffled(concerned, seed)
  const chosen: Mutant[] = []
  while (chosen.length < sample && drawn.length > 0) chosen.push(...valid(drawn.splice(0, sample)))
  return chosen.slice(0, sample)
}

type Report = (mutant: Mutant, trial: Trial) => void

/** `kept`: what the last time found, and this time does not look at. */
function createReport(room: Room, kept: readonly Row[]): Report {
  const file = reportOf(room)
  writeFileSync(file, kept.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return ({ path, line, operator, original, replacement }, trial) => {
    const by = trial.outcome === 'noticed' ? { by: relative(ROOT, trial.by) } : {}
    const row = { path, line, operator, original, replacement, ...trial, ...by }
    appendFileSync(file, `${JSON.stringify(row)}\n`)
  }
}

type Row = Pick<Mutant, 'path' | 'operator' | 'original' | 'replacement'> & Pick<Trial, 'outcome'>

const reportOf = ({ name }: Room): string => join(FOLDER, `${name}.jsonl`)

function readReport(room: Room): Row[] {
  const lines = readFileSync(reportOf(room), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
}

/** Lines move; what was changed into what does not. */
function survivorsOf(rows: readonly Row[], mutants: readonly Mutant[]): Mutant[] {
  const nameOf = ({ path, operator, original, replacement }: Omit<Row, 'outcome'>) =>
    JSON.stringify([path, operator, original, replacement])
  const survivors = new Set(rows.filter(({ outcome }) => outcome === 'survived').map(nameOf))
  return mutants.filter((mutant) => survivors.has(nameOf(mutant)))
}

function describe({ path, line, operator, original, replacement }: Mutant): string {
  const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text).replace(/\s+/g, ' ')
  return `${path}:${line}  ${operator}: ${shown(original)}  =>  ${shown(replacement) || 'nothing'}`
}

function pathsOf({ folder }: Room): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => `${folder}/${name}`)
}

function readArguments(): Wanted | undefined {
  const { values } = parseArgs({
    options: {
      room: { type: 'string', multiple: true },
      file: { type: 'string', multiple: true },
      again: { type: 'boolean', default: false },
      tests: { type: 'string', multiple: true },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      patience: { type: 'string', default: String(PATIENCE_S) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const places = (values.file ?? []).map(readPlace)
  const rooms = ROOMS.filter(
    (room) =>
      (values.room ?? [room.name]).includes(room.name) &&
      (places.length === 0 || places.some(({ path }) => pathsOf(room).includes(path))),
  )
  if (rooms.length === 0)
    throw new Error(
      `nothing of that name is mutated; there are ${ROOMS.map(({ folder }) => folder).join(', ')}`,
    )
  return {
    rooms: rooms.map((room) => ({ ...room, tests: values.tests ?? room.tests })),
    places,
    isAgain: values.again,
    sample: values.sample === undefined ? Number.POSITIVE_INFINITY : wholeNumber('sample', values.sample),
    seed: wholeNumber('seed', values.seed),
    patienceMs: 1_000 * wholeNumber('patience', values.patience),
  }
}

function readPlace(text: string): Place {
  const [path = '', line] = text.split(':')
  return { path, line: line === undefined ? undefined : wholeNumber('file', line) }
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name}: ${text} is not a whole number from 1 on`)
  return Number(text)
}

process.exitCode = await main()
