import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSecret } from '@latchkey/core/secret'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertAdminKeyFile, deliverAdminKey, openAdminKeyFile } from '../src/admin-key.ts'

let dataDir: string
let file: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'latchkey-admin-key-'))
  file = join(dataDir, 'key')
})

afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
const other = generateSecret({ prefix: 'acme', mode: 'live', randomBytes })
const modeOf = (path: string) => statSync(path).mode & 0o777

describe('the file of the admin key', () => {
  it('keeps a key that another first start delivered meanwhile', async () => {
    openAdminKeyFile(file)
    await deliverAdminKey(secret, file)
    openAdminKeyFile(file)
    expect(readFileSync(file, 'utf8')).toBe(`${secret.reveal()}\n`)
  })

  it.each([
    ['nothing', ''],
    ['what a power cut leaves', '\0'.repeat(58)],
    ['the key of a start that was killed', `${other.reveal()}\n`],
    ['a key without its newline', other.reveal()],
  ])('is for its owner only and holds the key alone, when %s was in it', async (_what, text) => {
    writeFileSync(file, text, { mode: 0o644 })
    assertAdminKeyFile(file, { dataDir })
    openAdminKeyFile(file)
    await deliverAdminKey(secret, file)
    expect(readFileSync(file, 'utf8')).toBe(`${secret.reveal()}\n`)
    expect(modeOf(file)).toBe(0o600)
  })
})

/** What stands at a path, and how to see that it is as it was. */
type Place = { readonly make: () => void; readonly told: RegExp; readonly seen?: () => unknown }

const places: Readonly<Record<string, Place>> = {
  'a device': {
    make: () => execFileSync('mknod', [file, 'c', '1', '3']),
    told: /key, is a device/,
  },
  'a directory': { make: () => mkdirSync(file), told: /key, is a directory/ },
  'a pipe': { make: () => execFileSync('mkfifo', [file]), told: /key, is a pipe/ },
  'a link to a file that is there': {
    make() {
      writeFileSync(join(dataDir, 'target'), 'kept', { mode: 0o644 })
      symlinkSync(join(dataDir, 'target'), file)
    },
    told: /key, is a symbolic link/,
    seen: () => [readFileSync(join(dataDir, 'target'), 'utf8'), modeOf(join(dataDir, 'target'))],
  },
  'a link to nothing': {
    make: () => symlinkSync(join(dataDir, 'nothing'), file),
    told: /key, is a symbolic link/,
  },
  'a link to standard output': { make: () => symlinkSync('/dev/stdout', file), told: /symbolic link/ },
  'a file with a text in it': {
    make: () => writeFileSync(file, 'ssh-ed25519 AAAA somebody\n', { mode: 0o644 }),
    told: /holds something else than a key/,
    seen: () => readFileSync(file, 'utf8'),
  },
  'a file with one word in it': {
    make: () => writeFileSync(file, 'hunter2'),
    told: /holds something else than a key/,
    seen: () => readFileSync(file, 'utf8'),
  },
  'two keys, one below the other': {
    make: () => writeFileSync(file, `${other.reveal()}\n${secret.reveal()}\n`),
    told: /holds something else than a key/,
    seen: () => readFileSync(file, 'utf8'),
  },
  'another name of a file with a text in it': {
    make() {
      writeFileSync(join(dataDir, 'target'), 'root:x:0:0\n', { mode: 0o644 })
      linkSync(join(dataDir, 'target'), file)
    },
    told: /holds something else than a key/,
    seen: () => readFileSync(join(dataDir, 'target'), 'utf8'),
  },
}

// Only root makes devices.
const makeable = Object.entries(places).filter(([name]) => name !== 'a device' || process.getuid?.() === 0)

describe('a place for the admin key that is', () => {
  it.each(makeable)('%s is refused in one sentence, and stays as it was', async (_name, place) => {
    place.make()
    const before = [lstatSync(file).mode, place.seen?.()]
    expect(() => assertAdminKeyFile(file, { dataDir })).toThrow(place.told)
    // And without the first look: it may have come there since.
    expect(() => openAdminKeyFile(file)).toThrow(/LATCHKEY_BOOTSTRAP_KEY_FILE/)
    await expect(deliverAdminKey(secret, file)).rejects.toThrow(/LATCHKEY_BOOTSTRAP_KEY_FILE/)
    expect([lstatSync(file).mode, place.seen?.()]).toEqual(before)
  })

  it('a socket is refused', async () => {
    const server = createServer().listen(file)
    await new Promise((resolve) => server.once('listening', resolve))
    expect(() => assertAdminKeyFile(file, { dataDir })).toThrow(/key, is a socket/)
    server.close()
  })

  it('in a directory that is missing is refused', () => {
    expect(() => assertAdminKeyFile(join(dataDir, 'missing', 'key'), { dataDir })).toThrow(
      /cannot be written to/,
    )
  })

  it('below a file is refused, unless that is to be the data directory, of which others speak', () => {
    writeFileSync(file, '')
    const below = join(file, 'admin.key')
    expect(() => assertAdminKeyFile(below, { dataDir })).toThrow(/cannot be written to .*ENOTDIR/)
    expect(() => assertAdminKeyFile(below, { dataDir: file })).not.toThrow()
  })

  it.each(['console.link', 'server.secret', 'latchkey.db', 'latchkey.db-wal'])(
    'one that the service keeps for itself is refused: %s',
    (name) => {
      expect(() => assertAdminKeyFile(join(dataDir, name), { dataDir })).toThrow(
        /is where the service keeps something else: let LATCHKEY_BOOTSTRAP_KEY_FILE name/,
      )
      expect(() => assertAdminKeyFile(join(dataDir, name), { dataDir: join(dataDir, 'other') })).not.toThrow()
    },
  )

  it('in the data directory, which is made with the store, is not', () => {
    const fresh = join(dataDir, 'fresh')
    expect(() => assertAdminKeyFile(join(fresh, 'admin.key'), { dataDir: fresh })).not.toThrow()
  })
})
