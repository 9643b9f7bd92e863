import type { Reporter } from 'vitest/node'
import { describeProof, PROGRESS } from './fleet/proof.ts'

/** A line now and then where there is no terminal to draw on. Milliseconds. */
const REPORT_EVERY_MS = 10_000
const BAR_WIDTH = 30

/** Says how far each fault is, and at the end what each came to. */
export function createFaultsReporter(): Reporter {
  const lines: string[] = []
  const isTerminal = process.stderr.isTTY
  let saidAtMs = 0
  let isDrawn = false

  function draw(text: string, done: number, all: number): void {
    const nowMs = performance.now()
    if (isTerminal) {
      const bar = '█'.repeat(Math.round((done / all) * BAR_WIDTH)).padEnd(BAR_WIDTH, '░')
      process.stderr.write(`\r\x1b[2K${bar} ${text}`)
      isDrawn = true
    } else if (nowMs - saidAtMs > REPORT_EVERY_MS) {
      saidAtMs = nowMs
      process.stderr.write(`${text}\n`)
    }
  }

  return {
    onTestCaseAnnotate(test, { type, message }) {
      if (type !== PROGRESS) return
      const [done = 0, all = 1] = message.replaceAll(',', '').split(' of ').map(Number)
      draw(`${test.name}: ${message}`, done, all)
    },
    onTestCaseResult(test) {
      if (isDrawn) process.stderr.write('\r\x1b[2K')
      isDrawn = false
      const { proof } = test.meta()
      const { state } = test.result()
      if (state === 'skipped') return
      const line = proof === undefined ? test.fullName : `${test.name}: ${describeProof(proof)}`
      process.stderr.write(`${state === 'passed' ? '✓' : '✗'} ${line}\n`)
      if (proof !== undefined) lines.push(line)
    },
    onTestRunEnd() {
      if (lines.length > 0) process.stderr.write(`\n${lines.join('\n')}\n`)
    },
  }
}
