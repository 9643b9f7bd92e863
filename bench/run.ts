import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { c1ConsolePage } from './c1-console-page.ts'
import { d1DeepPage } from './d1-deep-page.ts'
import { d2WorstRequest } from './d2-worst-request.ts'
import { type Extent, isMet, type Row } from './figure.ts'
import { i1Import, i1PostgresImport } from './i1-import.ts'
import { l1List } from './l1-list.ts'
import { l2GetKey } from './l2-get-key.ts'
import { l3PostgresList } from './l3-postgres-list.ts'
import { m1Idle } from './m1-idle.ts'
import { m4FreshMachine } from './m4-fresh-machine.ts'
import { m6VerifierMemory } from './m6-verifier-memory.ts'
import { installPeers } from './peers/install.ts'
import { rRevocation } from './r-revocation.ts'
import { r5Verifiers } from './r5-verifiers.ts'
import { describeRow, resultsText } from './report.ts'
import { createStores, type Stores } from './stores.ts'
import { t1TokenGrant } from './t1-token-grant.ts'
import { t2TokenUse } from './t2-token-use.ts'
import { u1PostgresUsage, u1Usage } from './u1-usage.ts'
import { u2PostgresUsageFlush, u2UsageFlush } from './u2-usage-flush.ts'
import { v1GatewayCheck } from './v1-gateway-check.ts'
import { v2Verify } from './v2-verify.ts'
import { v3StaticMap } from './v3-static-map.ts'
import { v3cGuardedRoute } from './v3c-guarded-route.ts'
import { v5BetterAuth } from './v5-better-auth.ts'
import { v7Verifier } from './v7-verifier.ts'
import { v8CachedKeys } from './v8-cached-keys.ts'
import { v9UnknownKey } from './v9-unknown-key.ts'
import { v10OneCaller } from './v10-one-caller.ts'
import { v11VerifyGrowth } from './v11-verify-growth.ts'
import { v12TwoProcesses } from './v12-two-processes.ts'
import { v13LocalVerifier } from './v13-local-verifier.ts'
import { v14LimitedKey } from './v14-limited-key.ts'
import { v15Imported } from './v15-imported.ts'
import { w1Create } from './w1-create.ts'
import { w2CreateTogether } from './w2-create-together.ts'
import { w4PostgresCreate } from './w4-postgres-create.ts'

const HELP = `Takes the figures of this service and writes them to bench/RESULTS.md.

  npm run bench                      all figures, an hour and more
  npm run bench -- --only V1,W1      these figures only; nothing is written to RESULTS.md
  npm run bench -- --only M6         the memory of a verifier over ten million verifications: a quarter of an hour
  npm run bench -- --rounds 3        fewer rounds than nine
  npm run bench -- --quick           short slices and small stores: to see that it works, not for figures
  npm run bench -- --peers           also against better-auth, passport-headerapikey, nginx and HAProxy; installs the first two
  npm run bench -- --large           also with 10 million keys: a quarter of an hour more, 15 GB in the temporary directory

Exits with 1 when a floor is missed. Goals are reported only.
`

const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url))

type Figure = { readonly ids: readonly string[]; take(extent: Extent, stores: Stores): Promise<Row[]> }

const FIGURES: readonly Figure[] = [
  { ids: ['V1'], take: v1GatewayCheck },
  { ids: ['V2'], take: v2Verify },
  { ids: ['V7'], take: v7Verifier },
  { ids: ['V8'], take: v8CachedKeys },
  { ids: ['V9'], take: v9UnknownKey },
  { ids: ['V10'], take: v10OneCaller },
  { ids: ['V11'], take: v11VerifyGrowth },
  { ids: ['V12'], take: v12TwoProcesses },
  { ids: ['V13'], take: v13LocalVerifier },
  { ids: ['V15'], take: v15Imported },
  { ids: ['V14'], take: v14LimitedKey },
  { ids: ['W1'], take: w1Create },
  { ids: ['W2'], take: w2CreateTogether },
  { ids: ['L1'], take: l1List },
  { ids: ['L2'], take: l2GetKey },
  { ids: ['M1', 'M2', 'M3'], take: m1Idle },
  { ids: ['M4'], take: m4FreshMachine },
  { ids: ['T1'], take: t1TokenGrant },
  { ids: ['T2'], take: t2TokenUse },
  { ids: ['D1'], take: d1DeepPage },
  { ids: ['D2', 'D3'], take: d2WorstRequest },
  { ids: ['R2', 'R3', 'R4'], take: rRevocation },
  { ids: ['R5', 'R6', 'R7'], take: r5Verifiers },
  { ids: ['C1', 'C2'], take: c1ConsolePage },
  { ids: ['W4'], take: w4PostgresCreate },
  { ids: ['L3'], take: l3PostgresList },
  { ids: ['I1'], take: i1Import },
  { ids: ['I1B'], take: i1PostgresImport },
  { ids: ['U1'], take: u1Usage },
  { ids: ['U1C'], take: u1PostgresUsage },
  { ids: ['U2'], take: u2UsageFlush },
  { ids: ['U2B'], take: u2PostgresUsageFlush },
]

/** Taken when they are named, for each takes many minutes. */
const LONG: readonly Figure[] = [{ ids: ['M6'], take: m6VerifierMemory }]

/** Against what others make, which is installed for it alone. */
const PEERS: readonly Figure[] = [
  { ids: ['V3', 'V4'], take: v3StaticMap },
  { ids: ['V3C'], take: v3cGuardedRoute },
  { ids: ['V5', 'V6', 'W3'], take: v5BetterAuth },
]

async function run(): Promise<number> {
  const options = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const figures = chosen(options.only, [...(options.peers ? PEERS : []), ...FIGURES, ...LONG])
  if (options.peers) installPeers()
  const rounds = Number(options.rounds ?? (options.quick ? 3 : 9))
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new RangeError('--rounds takes a whole number above 0')
  const extent = {
    rounds,
    sliceMs: options.quick ? 400 : 1_000,
    usageSliceMs: options.quick ? 400 : 20_000,
    isQuick: options.quick,
    isLarge: options.large,
  }
  const isWhole = options.only === undefined
  const startedAtMs = performance.now()
  const rows = await takeAll(figures, extent, (taken) => {
    // After each figure: a run that is cut short leaves what it had.
    const tookMs = performance.now() - startedAtMs
    if (isWhole) writeFileSync(RESULTS, resultsText(taken, { ...extent, isWithPeers: options.peers, tookMs }))
  })
  return rows.every((row) => isMet(row, row.floor)) ? 0 : 1
}

function chosen(only: string | undefined, all: readonly Figure[]): readonly Figure[] {
  if (only === undefined) return all.filter((figure) => !LONG.includes(figure))
  const wanted = only.split(',').map((id) => id.trim().toUpperCase())
  const unknown = wanted.find((id) => !all.some(({ ids }) => ids.includes(id)))
  if (unknown !== undefined) {
    const known = all.flatMap(({ ids }) => ids).join(', ')
    throw new RangeError(`there is no figure ${unknown}; there are ${known}`)
  }
  return all.filter(({ ids }) => ids.some((id) => wanted.includes(id)))
}

async function takeAll(
  figures: readonly Figure[],
  extent: Omit<Extent, 'progress'>,
  onTaken: (rows: readonly Row[]) => void,
): Promise<Row[]> {
  let current = ''
  const progress = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${current}: ${text}`)
  }
  using stores = createStores(progress)
  const rows: Row[] = []
  for (const { ids, take } of figures) {
    current = ids.join(', ')
    const startedAtMs = performance.now()
    progress('preparing')
    for (const row of await take({ ...extent, progress }, stores)) {
      rows.push(row)
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
      process.stdout.write(`${describeRow(row)}\n`)
    }
    process.stderr.write(`${current}: ${Math.round((performance.now() - startedAtMs) / 1_000)} s\n`)
    onTaken(rows)
  }
  return rows
}

// Leaving by process.exit lets stores and servers be cleared away.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
process.exitCode = await run()
