import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { type Extent, isMet, type Row } from './figure.ts'
import { MISSED } from './missed.ts'

/** How a run was asked for, and how long it has taken so far. */
type Run = Pick<Extent, 'rounds' | 'isQuick' | 'isLarge'> & {
  readonly isWithPeers: boolean
  readonly tookMs: number
}

/** RESULTS.md: where and how it was measured, the rows, and a word on each goal that is missed. */
export function resultsText(rows: readonly Row[], run: Run): string {
  const missed = rows.filter((row) => !isMet(row, row.goal) || !isMet(row, row.floor))
  return [
    '# Figures',
    '',
    'Written by `npm run bench`; do not edit. What the columns mean and how it is measured: [README](README.md).',
    '',
    ...machine(run),
    '',
    '| | What | Median | Rounds | Floor | Goal | Met |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(tableRow),
    '',
    ...behind(rows),
    '## Goals missed',
    '',
    ...(missed.length === 0 ? ['None.', ''] : missed.flatMap(explained)),
  ].join('\n')
}

/** One line for a terminal. */
export function describeRow(row: Row): string {
  const [least, most] = row.range
  const marks = [mark('floor', row, row.floor), mark('goal', row, row.goal)].filter((text) => text !== '')
  const range = `(${number(least)} to ${number(most)})`
  return [`${row.id.padEnd(5)} ${number(row.median)} ${row.unit} ${range}`, ...marks, row.what, row.note]
    .filter((text) => text !== '')
    .join('  |  ')
}

function mark(name: string, row: Row, value: number | undefined): string {
  if (value === undefined) return ''
  return `${name} ${number(value)} ${isMet(row, value) ? 'met' : 'MISSED'}`
}

function machine({ rounds, isQuick, isLarge, isWithPeers, tookMs }: Run): string[] {
  const [first] = cpus()
  const options = [
    isWithPeers ? '--peers' : '',
    isQuick ? '--quick' : '',
    isLarge ? '--large' : '',
    rounds === 9 ? '' : `--rounds ${rounds}`,
  ]
  const given = options.filter((option) => option !== '').join(' ')
  return [
    `- Machine: ${cpus().length} × ${first?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `- Date: ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, Node ${process.version}`,
    `- Load of the machine at the end (1, 5, 15 minutes): ${readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(', ')}`,
    `- Command: \`npm run bench${given === '' ? '' : ` -- ${given}`}\`; ${rounds} rounds, ${Math.round(tookMs / 60_000)} minutes`,
  ]
}

function tableRow(row: Row): string {
  const [least, most] = row.range
  const sign = row.isBetter === 'higher' ? '≥' : '≤'
  const cells = [
    row.id,
    row.what,
    `**${number(row.median)}** ${row.unit}`,
    `${number(least)}–${number(most)}`,
    row.floor === undefined ? '' : `${sign} ${number(row.floor)}`,
    row.goal === undefined ? '' : `${sign} ${number(row.goal)}`,
    verdict(row),
  ]
  return `| ${cells.join(' | ')} |`
}

function verdict(row: Row): string {
  if (row.floor === undefined && row.goal === undefined) return ''
  if (!isMet(row, row.floor)) return '**floor missed**'
  return isMet(row, row.goal) ? 'yes' : 'floor only'
}

function behind(rows: readonly Row[]): string[] {
  const noted = rows.filter((row) => row.note !== '')
  return [
    'Behind the ratios, medians of the rounds:',
    '',
    ...noted.map((row) => `- ${row.id}: ${row.note}`),
    '',
  ]
}

function explained(row: Row): string[] {
  const reason = MISSED[row.id] ?? 'Not looked into yet.'
  return [
    `**${row.id}** ${number(row.median)} instead of ${number(row.goal ?? row.floor ?? 0)}. ${reason}`,
    '',
  ]
}

function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
