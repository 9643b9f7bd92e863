import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
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

const USAGE = `Changes the code in one small way after another, and looks whether a test notices.

  npm run mutants -- --sample 60              60 of each room, the same ones each time
  npm run mutants -- --room core              every mutant of a room: ${ROOMS.map(({ name }) => name).join(', ')}
  npm run mutants -- --file packages/core/src/evaluate.ts
  npm run mutants -- --file packages/core/src/evaluate.ts:31

  --sample N     that many valid ones of each room, drawn by the seed; otherwise all
  --seed N       what they are drawn by (1)
  --room NAME    this room only
  --file PATH    this file only, or one line of it

Each one, and what became of it, is a line of coverage/mutants/ROOM.jsonl. Ends with 1 when a room is under its bar.
`

type Wanted = {
  readonly rooms: readonly Room[]
  readonly path: string | undefined
  readonly line: number | undefined
  /** Infinity: all. */
  readonly sample: number
  readonly seed: number
}

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
  for (const room of wanted.rooms) {
    const { noticed, survived } = await tryRoom(room, wanted)
    const score = (100 * noticed) / (noticed + survived)
    console.log(
      `${room.name}: ${noticed} of ${noticed + survived} noticed, ${score.toFixed(1)} % (bar ${room.bar} %)`,
    )
    isUnderBar ||= score < room.bar
  }
  return isUnderBar ? 1 : 0
}

/** Tries the mutants of one room; what survives is printed as soon as it is known. */
async function tryRoom(room: Room, wanted: Wanted): Promise<{ noticed: number; survived: number }> {
  const texts = new Map(pathsOf(room).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
  const all: Mutant[] = []
  for (const [path, text] of texts) all.push(...findMutants(path, text, all.length))
  const report = createReport(room)
  const chosen = choose(all, wanted, (mutants) => {
    const valid = new Set(compiling(ROOT, join(FOLDER, 'types'), mutants, (path) => texts.get(path)!))
    for (const mutant of mutants) if (!valid.has(mutant)) report(mutant, { outcome: 'invalid' })
    return mutants.filter((mutant) => valid.has(mutant))
  })
  const counted = { noticed: 0, survived: 0 }
  if (chosen.length === 0) return counted
  const paths = new Set(chosen.map(({ path }) => path))
  const task = { root: ROOT, tests: room.tests, mutants: all.filter(({ path }) => paths.has(path)) }
  const runs = await startTestRuns(task)
  try {
    const surveying = createProgress(`${room.name}: tests without a mutant`, runs.testFiles.length)
    const surveyed = await survey(runs, join(FOLDER, 'visits.json'), (done) => surveying(done, ''))
    const tryMutant = createTrials(runs, surveyed)
    const progress = createProgress(`${room.name}: mutants`, chosen.length)
    for (const [index, mutant] of chosen.entries()) {
      const trial = await tryMutant(mutant)
      report(mutant, trial)
      counted[trial.outcome === 'survived' ? 'survived' : 'noticed'] += 1
      if (trial.outcome === 'survived') console.log(`survived  ${describe(mutant)}`)
      progress(index + 1, `${counted.survived} survived`)
    }
  } finally {
    runs.stop()
  }
  return counted
}

/** Draws until there are enough that compile. */
function choose(
  all: readonly Mutant[],
  { path, line, sample, seed }: Wanted,
  valid: (mutants: Mutant[]) => Mutant[],
): Mutant[] {
  const concerned = all.filter(
    (mutant) => (path === undefined || mutant.path === path) && (line === undefined || mutant.line === line),
  )
  if (sample === Number.POSITIVE_INFINITY) return valid(concerned)
  const drawn = shuffled(concerned, seed)
  const chosen: Mutant[] = []
  while (chosen.length < sample && drawn.length > 0) chosen.push(...valid(drawn.splice(0, sample)))
  return chosen.slice(0, sample)
}

function createReport(room: Room): (mutant: Mutant, trial: Trial) => void {
  const file = join(FOLDER, `${room.name}.jsonl`)
  rmSync(file, { force: true })
  return ({ path, line, operator, original, replacement }, trial) => {
    const by = trial.outcome === 'noticed' ? { by: relative(ROOT, trial.by) } : {}
    const row = { path, line, operator, original, replacement, ...trial, ...by }
    appendFileSync(file, `${JSON.stringify(row)}\n`)
  }
}

function describe({ path, line, operator, original, replacement }: Mutant): string {
  const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text).replace(/\s+/g, ' ')
  return `${path}:${line}  ${operator}: ${shown(original)}  =>  ${shown(replacement) || 'nothing'}`
}

function pathsOf({ folder }: Room): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => `${folder}/${name}`)
}

function readArguments(): Wanted | undefined {
  const { values } = parseArgs({
    options: {
      room: { type: 'string' },
      file: { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const [path, line] = values.file?.split(':') ?? []
  const rooms = ROOMS.filter(
    (room) =>
      (values.room ?? room.name) === room.name && (path === undefined || pathsOf(room).includes(path)),
  )
  if (rooms.length === 0)
    throw new Error(
      `nothing of that name is mutated; there are ${ROOMS.map(({ folder }) => folder).join(', ')}`,
    )
  return {
    rooms,
    path,
    line: line === undefined ? undefined : wholeNumber('file', line),
    sample: values.sample === undefined ? Number.POSITIVE_INFINITY : wholeNumber('sample', values.sample),
    seed: wholeNumber('seed', values.seed),
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name}: ${text} is not a whole number from 1 on`)
  return Number(text)
}

process.exitCode = await main()
