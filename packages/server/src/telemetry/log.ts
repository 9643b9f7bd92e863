import { scrubSecrets } from '@latchkey/core/scrub-secrets'
import { type Logger, pino } from 'pino'
import type { LogLevel } from '../settings.ts'
import { createLineSink } from './line-sink.ts'

export type Log = Logger

/**
 * JSON lines on standard error. What may be logged is decided field by field in events.ts; the scrubber at
 * the sink is the backstop, should a secret ever come along in a message or a stack. `level` null: a line for each
 * request, but not at a terminal, where those would push away the key that is shown once.
 */
export function createLog(
  level: LogLevel | null,
  write: (line: string) => void = createLineSink(process.stderr),
): Log {
  return pino(
    {
      level: level ?? (process.stderr.isTTY ? 'warn' : 'info'),
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: levelName },
    },
    { write: (line: string) => write(scrubSecrets(line)) },
  )
}

const levelName = (label: string) => ({ level: label })
