/**
 * Every section of docs/use/moving-in.md is run as it stands, beside what the old system has: a key that worked there
 * works here, with the same owner, end, state and permissions, and one that did not does not.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Cluster,
  connectTo,
  createCluster,
  createDatabase,
} from '../packages/server/test/postgres-cluster.ts'
import { call } from './calling.ts'
import { findProgram } from './gateways/processes.ts'
import { type KnownText, OLD_SYSTEMS, type OldSystem } from './moving-in/old-systems.ts'
import { placeOldSystems, startApisix } from './moving-in/programs.ts'
import { TABLES } from './moving-in/tables.ts'
import { blocksOf, sectionsOf } from './pages/page.ts'
import { createReader, type Reader } from './pages/reader.ts'
import { createHome, type Home } from './running.ts'

const PAGE = 'docs/use/moving-in.md'
const ADMIN_KEY = 'the-admin-key-of-apisix'
const START_MS_MAX = 120_000

const isHere = findProgram('psql') !== undefined
if (!isHere && process.env.CI_REQUIRE_GATEWAYS === '1') throw new Error('needs psql')

let home: Home
let cluster: Cluster
let apisix: Server
let reader: Reader
let settings: string
let asking: (path: string, body?: object) => Promise<Record<string, unknown>>
let userId: string

beforeAll(async () => {
  if (!isHere) return
  home = createHome()
  const { url } = await home.serve()
  cluster = await createCluster()
  const database = await createDatabase(cluster.url)
  const tables = await connectTo(database.url)
  for (const statement of TABLES) await tables.query(statement)
  await tables.end()
  apisix = await startApisix(ADMIN_KEY)
  reader = await createReader(home, Number(new URL(url).port))
  placeOldSystems(home.directory)
  const key = home.adminKey()
  asking = async (path, body) => (await call(url, { path, key, ...(body && { method: 'POST', body }) })).body
  const me = await asking('/me')
  userId = String(me.userId)
  settings = Object.entries({
    API: url,
    KEY: key,
    ADMIN_KEY,
    COMPANY: String(me.companyId),
    USER_ID: userId,
    DATABASE: 'unkey',
    DATABASE_URL: database.url,
    KONG_DATABASE_URL: database.url,
  })
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n')
}, START_MS_MAX)
afterAll(async () => {
  apisix?.close()
  await home?.dispose()
  await cluster?.dispose()
})

const blocksOfSection = (section: string) =>
  sectionsOf(PAGE)
    .find(({ title }) => title === section)
    ?.blocks.filter(({ language }) => language === 'sh') ?? []

/** As somebody would paste it; the port of APISIX is another one here. */
async function paste({ section, block, check = '' }: OldSystem): Promise<{ stdout: string; stderr: string }> {
  const { port } = apisix.address() as AddressInfo
  const text = blocksOfSection(section)[block]!.text.replaceAll('127.0.0.1:9180', `127.0.0.1:${port}`)
  // It ends with 1 when a row was refused, and a shell at a terminal goes on.
  return reader.paste(`${settings}\nTEXT='${check}'\n{\n${text}} || [ $? = 1 ]`)
}

async function expectAsThere({ text, code, ...expected }: KnownText): Promise<void> {
  const ip = expected.whitelistedIPs === undefined ? {} : { ip: '10.1.2.3' }
  const verdict = await asking('/verify', { key: text, ...ip })
  if (code === 'refused' || code === 'unknown') return expect(verdict.code).toBe('NOT_FOUND')
  expect([text, verdict.code]).toEqual([text, code])
  const key = await asking(`/keys/${verdict.keyId}`)
  const user = await asking(`/users/${key.userId}`)
  expect(expected.owner === null ? key.userId : user.externalId).toBe(expected.owner ?? userId)
  if (expected.permissions !== undefined) expect(key.permissions).toEqual(expected.permissions)
  expect(key.whitelistedIPs).toEqual(expected.whitelistedIPs ?? null)
  expect([key.rateLimits, key.quota]).toEqual([expected.rateLimits ?? null, expected.quota ?? null])
  if (code !== 'EXPIRED' || expected.expiresAt !== undefined)
    expect(key.expiresAt).toBe(expected.expiresAt ?? null)
  if (ip.ip !== undefined)
    expect((await asking('/verify', { key: text, ip: '203.0.113.1' })).code).toBe('IP_NOT_ALLOWED')
  if (code !== 'VALID') return
  for (const permission of ['orders:read', 'orders:write', 'nobody.has:this']) {
    const held =
      expected.permissions?.includes('*:*') === true || expected.permissions?.includes(permission) === true
    const asked = await asking('/verify', { key: text, ...ip, permissions: [permission] })
    expect([permission, asked.code]).toEqual([permission, held ? 'VALID' : 'INSUFFICIENT_PERMISSIONS'])
  }
  expect((await asking('/verify', { key: text, ...ip, permissions: ['keys:list'] })).code).toBe(
    'INSUFFICIENT_PERMISSIONS',
  )
}

describe.runIf(isHere)('whoever moves in from', () => {
  it.each(OLD_SYSTEMS)('$section, block $block of the page', async (system) => {
    for (const { text } of system.texts)
      expect((await asking('/verify', { key: text })).code).toBe('NOT_FOUND')
    const { stdout, stderr } = await paste(system)
    const refused = system.texts.filter(({ code }) => code === 'refused').length
    const created = new Set(
      await Promise.all(system.texts.map(async ({ text }) => (await asking('/verify', { key: text })).keyId)),
    )
    created.delete(null)
    const summary = `${created.size} created, 0 were here already, ${refused} refused.`
    expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining(summary) })
    expect(stderr.match(/^Line \d+ is refused/gm) ?? []).toHaveLength(refused)
    for (const known of system.texts) await expectAsThere(known)
    // A second time changes nothing.
    expect((await paste(system)).stdout).toContain(`0 created, ${created.size} were here already`)
  })
})

it('no command of a section is left out', () => {
  const left = blocksOf(PAGE).filter(({ notRun }) => notRun !== undefined)
  const run = OLD_SYSTEMS.map(({ section, block }) => blocksOfSection(section)[block]?.text)
  expect(left.map(({ text }) => text)).toEqual(run)
})
