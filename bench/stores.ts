import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiKeyCreate } from '@latchkey/contract/schemas/keys'
import { hostPrincipal, type Principal } from '@latchkey/core/principal'
import { bootstrap, createServices, readConfig, type Services, storeFileOf } from '@latchkey/server'
import { changeIn } from '../packages/server/src/changes/change.ts'
import { requesterOnHost } from '../packages/server/src/changes/requester.ts'
import { createCompany } from '../packages/server/src/companies/create-company.ts'
import { createKey } from '../packages/server/src/keys/create-key.ts'
import { readKeyInput } from '../packages/server/src/keys/key-input.ts'
import { createUser } from '../packages/server/src/users/create-user.ts'
import { type Filling, fillStore } from './fill.ts'

/** A store in a directory of its own: the operator, and a company with as many keys as were asked for. */
export type BenchStore = {
  readonly dataDir: string
  readonly serverSecret: string
  readonly keys: number
  /** Of the operator; may do everything. */
  readonly adminKey: string
  readonly companyId: Principal['companyId']
  /** Whose keys those of the company are. */
  readonly userId: string
  /** A key of that user without restriction, besides the many. */
  readonly key: { readonly id: string; readonly secret: string }
}

/** The stores of a run: each size is filled once, however many figures use it. */
export type Stores = Disposable & {
  of(keys: number): Promise<BenchStore>
  /** One that no other figure sees, for figures that write. */
  empty(): Promise<BenchStore>
  /** The same, with keys. */
  ofOwn(keys: number): Promise<BenchStore>
}

export function createStores(progress: (text: string) => void): Stores {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const filled = new Map<number, Promise<BenchStore>>()
  let made = 0
  const remove = () => rmSync(home, { recursive: true, force: true })
  process.once('exit', remove)
  const make = (keys: number) => makeStore(join(home, `store-${++made}`), keys, progress)
  return {
    of(keys) {
      const store = filled.get(keys) ?? make(keys)
      filled.set(keys, store)
      return store
    },
    empty: () => make(0),
    ofOwn: make,
    [Symbol.dispose]: remove,
  }
}

/** Opens a store inside this process. */
export function openStore({ dataDir, serverSecret }: Pick<BenchStore, 'dataDir' | 'serverSecret'>) {
  const { config, secretSource } = readConfig({
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_SECRET: serverSecret,
    LATCHKEY_LOG_LEVEL: 'warn',
  })
  return createServices(config, secretSource)
}

function makeStore(dataDir: string, keys: number, progress: (text: string) => void): Promise<BenchStore> {
  const serverSecret = randomBytes(32).toString('hex')
  const open = () => openStore({ dataDir, serverSecret })
  return makeStoreIn(open, { dataDir, serverSecret, keys }, (filling) =>
    fillStore({
      ...filling,
      file: storeFileOf(dataDir),
      onProgress: (done) => progress(`filling a store: ${done.toLocaleString('en')} keys`),
    }),
  )
}

/** Makes operator, company and user, fills in keys while nobody has the store open, and makes one key more. */
export async function makeStoreIn(
  open: () => Promise<Services>,
  known: Pick<BenchStore, 'dataDir' | 'serverSecret' | 'keys'>,
  fill: (filling: Filling) => void | Promise<void>,
): Promise<BenchStore> {
  const services = await open()
  const { fingerprint } = services
  const admin = await bootstrap(services, async () => {})
  const { companyId, userId } = await makeCompany(services)
  await services.dispose()
  if (known.keys > 0) await fill({ companyId, userId, keys: known.keys, fingerprint })
  const again = await open()
  const key = await makeKey(again, companyId, userId)
  await again.dispose()
  return { ...known, adminKey: admin!.secret.reveal(), companyId, userId, key }
}

function makeCompany({ begin }: Services) {
  return begin(async (tx) => {
    const { id: companyId } = await createCompany(tx, { name: 'Tenant' })
    const user = await changeIn(tx, hostPrincipal(companyId), companyId, (change) =>
      createUser(change, { name: 'Developer', role: 'developer' }),
    )
    return { companyId, userId: user.id }
  })
}

/** One key without restriction, through the use case. */
export async function makeKey(
  { change, config, fingerprint }: Services,
  companyId: Principal['companyId'],
  userId: string,
): Promise<BenchStore['key']> {
  const deps = { keyPrefix: config.keyPrefix, fingerprint }
  const { view, secret } = await change(requesterOnHost(companyId), companyId, (open) =>
    createKey(open, deps, readKeyInput<ApiKeyCreate>({ userId })),
  )
  return { id: view.id, secret: secret.reveal() }
}
