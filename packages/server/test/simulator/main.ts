import { parseArgs } from 'node:util'
import { leaveOut } from './clauses.ts'
import type { Violation } from './judge.ts'

const USAGE = `Simulates the revocation protocol: servers, a store, clocks and a network, all from one seed.

  npm run simulate -- --seeds 100000          run seeds 1 to 100000
  npm run simulate -- --seed 4711 --trace     replay one and print what happens

  --seeds N      how many (1000)
  --from N       the first one (1)
  --servers N    how many servers; otherwise drawn from the seed
  --only NAME    look for one invariant, e.g. I1
  --acts         keys ask for changes as well
  --rotations    keys get new secrets as well
  --verifiers    applications verify by themselves as well
  --file         the store is one file: several processes of one machine, and commands beside them
  --calm         with --verifiers: nothing goes wrong, and nobody may wait
  --still        with --verifiers: only a server and an application stand still, together
  --without NAME a clause of the protocol of verifiers is taken out of the code: who notices?
  --seed N       this one only
  --trace        with --seed: print what happens
`

/** A line every few seconds where there is no terminal to draw on. Milliseconds. */
const REPORT_EVERY_MS = 5_000
const DRAW_EVERY_MS = 100
const BAR_WIDTH = 30

const SCENES = {
  faults: './simulate.ts',
  calm: './verifiers/calm.ts',
  still: './verifiers/standing-still.ts',
} as const

const sceneOf = ({ calm, still }: { calm: boolean; still: boolean }): keyof typeof SCENES =>
  calm ? 'calm' : still ? 'still' : 'faults'

function readArguments() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      servers: { type: 'string' },
      acts: { type: 'boolean', default: false },
      rotations: { type: 'boolean', default: false },
      verifiers: { type: 'boolean', default: false },
      only: { type: 'string' },
      file: { type: 'boolean', default: false },
      calm: { type: 'boolean', default: false },
      still: { type: 'boolean', default: false },
      without: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const from = wholeNumber('from', values.seed ?? values.from)
  const servers = values.servers === undefined ? undefined : wholeNumber('servers', values.servers)
  return {
    from,
    until: from + (values.seed === undefined ? wholeNumber('seeds', values.seeds) : 1),
    servers,
    withActs: values.acts,
    withRotations: values.rotations,
    withVerifiers: values.verifiers,
    isFile: values.file,
    only: values.only,
    without: values.without,
    scene: values.verifiers ? sceneOf(values) : 'faults',
    isTraced: values.trace && values.seed !== undefined,
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number.`)
  return Number(text)
}

async function main(): Promise<number> {
  const wanted = readArguments()
  if (wanted === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  const { from, until, isTraced, without, scene, ...options } = wanted
  if (without !== undefined) leaveOut(without.split(','))
  // Loaded when it is known how it is to read.
  const { simulate } = await import(SCENES[scene])
  const onTrace = isTraced ? printLine : undefined
  const report = createReport(from, until)
  let revocations = 0
  const onOver = (answered: number) => {
    revocations += answered
  }
  for (let seed = from; seed < until; seed += 1) {
    const violation = await simulate(seed, { ...options, onTrace, onOver })
    report(seed + 1, revocations)
    if (violation === undefined) continue
    if (!isTraced) await simulate(seed, { ...options, onTrace: printLine })
    printLine(`\nseed ${seed}: ${textOf(violation)}`)
    return 1
  }
  const answered = scene !== 'faults' ? '' : `, in ${revocations} revocations`
  printLine(`${until - from} seeds from ${from}: every invariant held${answered}`)
  return 0
}

const printLine = (line: string): void => void process.stdout.write(`${line}\n`)

const textOf = ({ invariant, atMs, detail }: Violation): string =>
  `${invariant}, broken at ${atMs.toFixed(1)} ms: ${detail}`

/** Says how far it is: a bar on a terminal, a line now and then elsewhere. */
function createReport(from: number, until: number): (next: number, revocations: number) => void {
  const startedAtMs = performance.now()
  const isTerminal = process.stderr.isTTY
  let saidAtMs = startedAtMs
  return (next, revocations) => {
    const nowMs = performance.now()
    const isLast = next === until
    if (nowMs - saidAtMs < (isTerminal ? DRAW_EVERY_MS : REPORT_EVERY_MS) && !(isLast && isTerminal)) return
    saidAtMs = nowMs
    const share = (next - from) / (until - from)
    const perSecond = Math.round((next - from) / ((nowMs - startedAtMs) / 1_000))
    const bar = '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '░')
    const text = `${next - from}/${until - from} seeds, ${perSecond} a second, ${revocations} revocations`
    if (isTerminal) process.stderr.write(`\r${bar} ${text}${isLast ? '\n' : ''}`)
    else process.stderr.write(`${text}\n`)
  }
}

// A violation is told by its seed; where an expected error was made is of no interest, and costly to note.
Error.stackTraceLimit = 0
process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 2
})
