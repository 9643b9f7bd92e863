import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSecret } from '@latchkey/core/secret'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deliverAdminKey, openAdminKeyFile } from '../src/admin-key.ts'

let dataDir: string
let file: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'latchkey-admin-key-'))
  file = join(dataDir, 'key')
})

afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

describe('the file of the admin key', () => {
  it('keeps a key that another first start delivered meanwhile', () => {
    const opened = openAdminKeyFile({ bootstrapKeyFile: file, dataDir })
    const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
    deliverAdminKey(secret, opened)
    openAdminKeyFile({ bootstrapKeyFile: file, dataDir })
    expect(readFileSync(file, 'utf8')).toBe(`${secret.reveal()}\n`)
  })

  it('is for its owner only and holds nothing but the key, whatever it was before', () => {
    writeFileSync(file, 'a longer text, from whoever wrote it, that anybody may read. '.repeat(4), {
      mode: 0o644,
    })
    const secret = generateSecret({ prefix: 'lk', mode: 'live', randomBytes })
    deliverAdminKey(secret, openAdminKeyFile({ bootstrapKeyFile: file, dataDir }))
    expect(readFileSync(file, 'utf8')).toBe(`${secret.reveal()}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
})
