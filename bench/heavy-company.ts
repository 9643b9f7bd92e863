import { DatabaseSync } from 'node:sqlite'
import { storeFileOf } from '@latchkey/server'
import { ask } from './load.ts'
import { requestText } from './request-text.ts'
import type { Running } from './running.ts'
import type { BenchStore } from './stores.ts'

/** Of the lists of what one object may hold. */
export const PERMISSIONS = Array.from({ length: 100 }, (_, index) => `${name(60, index)}:${name(64, index)}`)
export const ENTRIES = Array.from(
  { length: 1_000 },
  (_, index) => `2001:db8:${index.toString(16)}:ffff:ffff:ffff:ffff:1`,
)
/** As much as fits into a body of 64 KiB. */
export const METADATA = Object.fromEntries(
  Array.from({ length: 42 }, (_, index) => [name(100, index), `"\\`.repeat(250)]),
)

const PAGE = 100
/** Uses in one report. */
const REPORTED = 1_000
/** Keys that a search has to look through, each with an allowlist of some kilobytes before what is searched. */
const SEARCHED_KEYS = 10_000

function name(length: number, index: number): string {
  return `n${index}`.padEnd(length, 'x')
}

/** A company that stores the largest of everything, and whose keys ask for all of it. */
export type HeavyCompany = {
  readonly adminKey: string
  readonly viewerKey: string
  readonly userId: string
  /** Who may import into it: another company's key. */
  readonly operatorKey: string
  readonly companyId: string
  /** As many as a report may be about. */
  readonly keyIds: readonly string[]
  /** With as much metadata as there can be. */
  readonly key: { readonly id: string; readonly secret: string }
  /** With the longest allowlist. */
  readonly restrictedKeyId: string
  /** Made anew: tokens live some minutes. */
  readonly token: () => Promise<string>
}

export async function makeHeavyCompany(server: Running, store: BenchStore): Promise<HeavyCompany> {
  const send = caller(server, { 'x-api-key': store.adminKey, 'x-company-id': store.companyId })
  const admin = await send('POST', '/users', { name: 'Admin', role: 'admin', permissions: PERMISSIONS })
  const viewer = await send('POST', '/users', { name: 'Viewer', role: 'viewer' })
  const adminKey = (await send('POST', '/keys', { userId: admin.id })).key
  const viewerKey = (await send('POST', '/keys', { userId: viewer.id })).key
  const key = { userId: admin.id, permissions: PERMISSIONS, metadata: METADATA }
  let last = { id: '', key: '' }
  for (let index = 0; index < PAGE; index++) {
    last = await send('POST', '/keys', key)
    await send('POST', '/users', { name: name(200, index), role: 'developer', permissions: PERMISSIONS })
    await send('PATCH', `/keys/${last.id}`, { metadata: { a: String(index) } })
    await send('PATCH', `/keys/${last.id}`, { metadata: METADATA })
  }
  const restricted = await send('POST', '/keys', { userId: admin.id, whitelistedIPs: ENTRIES })
  return {
    adminKey,
    viewerKey,
    userId: admin.id,
    operatorKey: store.adminKey,
    companyId: store.companyId,
    keyIds: await listIds(server, adminKey),
    key: { id: last.id, secret: last.key },
    restrictedKeyId: restricted.id,
    async token() {
      const ofAdmin = caller(server, { 'x-api-key': adminKey })
      const permissions = PERMISSIONS.slice(0, 40)
      return (await ofAdmin('POST', '/auth/token/short-lived', { permissions })).token
    },
  }
}

async function listIds({ port }: Running, adminKey: string): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < REPORTED) {
    const path = `/keys?limit=${PAGE}&offset=${ids.length}`
    const { body } = await ask(port, requestText('GET', path, { headers: { 'x-api-key': adminKey } }))
    ids.push(...(JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id))
  }
  return ids
}

/** Makes the many keys of a store, which were filled in small, as heavy as a search can meet them. */
export function weighDown({ dataDir, companyId }: Pick<BenchStore, 'dataDir' | 'companyId'>): void {
  const database = new DatabaseSync(storeFileOf(dataDir))
  try {
    database
      .prepare('UPDATE keys SET whitelisted_ips = ? WHERE company_id = ?')
      .run(JSON.stringify(ENTRIES.slice(0, 200)), companyId)
  } finally {
    database.close()
  }
}

export const HEAVY_STORE_KEYS = SEARCHED_KEYS

type Made = { readonly id: string; readonly key: string; readonly token: string }

function caller({ port }: Running, headers: Readonly<Record<string, string>>) {
  return async (method: string, path: string, body: object): Promise<Made> => {
    const answer = await ask(port, requestText(method, path, { headers, body }))
    if (answer.status >= 300)
      throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.body.slice(0, 300)}`)
    return JSON.parse(answer.body) as Made
  }
}
