import { readFileSync } from 'node:fs'
import { type DigestFormat, parseDigestFormat } from '@latchkey/core/digest-format'
import { parsePermission } from '@latchkey/core/permission'
import { parseTime } from '@latchkey/core/time'
import type { SourceName, SourceOptions } from '@latchkey/server/commands'
import { type Command, InvalidArgumentError } from 'commander'

/** What `latchkey import` takes. */
export type ImportOptions = {
  readonly from: SourceName
  readonly company: string
  /** false: `--no-check`. */
  readonly check?: string | false
  readonly dryRun?: true
  readonly report?: string
  readonly createUsers?: true
  readonly user?: string
  readonly format?: DigestFormat
  readonly pepperFile?: Buffer
  readonly saltFile?: Buffer
  readonly exportedAt?: number
  readonly permissionArea?: string
  readonly metadataColumn?: readonly string[]
  readonly keysAreTexts?: true
  readonly rawDigestsAreKeys?: true
  readonly expirationMinutes?: number
}

export const SOURCES: readonly SourceName[] = [
  'better-auth',
  'unkey',
  'kong',
  'tyk',
  'apisix',
  'aws',
  'sanctum',
  'drf',
  'csv',
  'ndjson',
]

/** What a file does not say of itself. */
export function addSourceOptions(command: Command): Command {
  return command
    .option('--format <format>', 'how hashes were made, such as sha256:after-first-pipe', parseFormat)
    .option('--pepper-file <file>', 'file with the secret of hmac-sha256', readExtra)
    .option('--salt-file <file>', 'file with the salt of suffix-salt', readExtra)
    .option('--permission-area <name>', 'app turns read into app:read', parseArea)
    .option('--exported-at <time>', 'when the file was made, if it says how long keys live on', parseMoment)
    .option('--expiration-minutes <minutes>', "Sanctum's setting expiration", parseMinutes)
    .option(
      '--metadata-column <name>',
      'import this column as metadata, whatever its name; may be repeated',
      append,
    )
    .option('--keys-are-texts', 'better-auth with disableKeyHashing')
    .option('--raw-digests-are-keys', 'clients really send texts that look like hashes')
}

export function sourceOptionsOf(options: ImportOptions, keyPrefix: string): SourceOptions {
  return {
    keyPrefix,
    ...(options.format && { format: options.format }),
    ...(options.exportedAt !== undefined && { exportedAtMs: options.exportedAt }),
    ...(options.permissionArea !== undefined && { permissionArea: options.permissionArea }),
    ...(options.keysAreTexts && { keysAreTexts: true }),
    ...(options.rawDigestsAreKeys && { rawDigestsAreKeys: true }),
    ...(options.expirationMinutes !== undefined && { expirationMinutes: options.expirationMinutes }),
    ...(options.metadataColumn && { metadataColumns: options.metadataColumn }),
  }
}

export const extrasOf = ({ pepperFile, saltFile }: ImportOptions) => ({
  ...(pepperFile && { pepper: pepperFile }),
  ...(saltFile && { salt: saltFile }),
})

function parseFormat(text: string): DigestFormat {
  const format = parseDigestFormat(text)
  if ('detail' in format) throw new InvalidArgumentError(`The format ${format.detail}`)
  return format
}

function parseArea(text: string): string {
  const parsed = parsePermission(`${text}:read`)
  if ('detail' in parsed) throw new InvalidArgumentError('It must be an area of permissions, such as app.')
  return text
}

function parseMoment(text: string): number {
  const ms = parseTime(text)
  if (ms === undefined) throw new InvalidArgumentError('It must be a time, such as 2026-01-31T00:00:00Z.')
  return ms
}

function parseMinutes(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be whole minutes, 1 or more.')
}

const append = (name: string, names: readonly string[] = []): readonly string[] => [...names, name]

/** Editors end a file with a line end, which belongs to no secret. */
function readExtra(path: string): Buffer {
  let text: string
  try {
    text = readFileSync(path, 'latin1').replace(/\r?\n$/, '')
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  if (text === '') throw new InvalidArgumentError('The file is empty.')
  return Buffer.from(text, 'latin1')
}
