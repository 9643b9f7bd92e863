import { styleText } from 'node:util'
import type { Finding } from '@latchkey/server/commands'
import type { Command } from 'commander'

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Check clock, files, permissions, database, proxies, port and disk. Changes nothing.')
    .option('--json', 'print JSON, for scripts')
    .addHelpText(
      'after',
      '\nRun it with the settings and as the user of the service, which may be running meanwhile.\n' +
        'Exit code 0: no problem (perhaps warnings). 1: a problem, with what to do about it.\n',
    )
    .action((options: { json?: true }) => examine(options.json === true))
}

async function examine(isJson: boolean): Promise<void> {
  const { diagnose } = await import('@latchkey/server/commands')
  const isShown = process.stderr.isTTY && !isJson
  const showProgress = (text: string) => {
    if (isShown) process.stderr.write(`\r\x1b[K${text}`)
  }
  const checks: Finding[] = []
  for await (const finding of diagnose(showProgress)) {
    showProgress('')
    checks.push(finding)
    if (!isJson) process.stdout.write(lineOf(finding))
  }
  const isSound = checks.every(({ level }) => level !== 'problem')
  process.stdout.write(isJson ? `${JSON.stringify({ ok: isSound, checks })}\n` : summaryOf(checks))
  if (!isSound) process.exitCode = 1
}

const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red' } as const
/** The longest level and the longest name of a check. */
const LEVEL_WIDTH = 7
const CHECK_WIDTH = 14

function lineOf({ check, level, detail, remedy }: Finding): string {
  // Without a terminal, or with NO_COLOR, styleText leaves the text as it is.
  const mark = styleText(COLOURS[level], level.padEnd(LEVEL_WIDTH), { stream: process.stdout })
  const advice = remedy === undefined ? '' : ` ${remedy}`
  return `${mark}  ${check.replaceAll('-', ' ').padEnd(CHECK_WIDTH)}  ${detail}${advice}\n`
}

function summaryOf(checks: readonly Finding[]): string {
  const count = (level: Finding['level']) => checks.filter((finding) => finding.level === level).length
  const [problems, warnings] = [count('problem'), count('warning')]
  if (problems + warnings === 0) return 'All is well.\n'
  return `${problems} ${problems === 1 ? 'problem' : 'problems'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.\n`
}
