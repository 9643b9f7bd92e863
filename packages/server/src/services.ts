import { randomBytes as cryptoRandomBytes } from 'node:crypto'
import type { Clock } from '@latchkey/core/clock'
import { createFingerprinter } from '@latchkey/core/fingerprint'
import { createRandomPool, type RandomBytes } from '@latchkey/core/random'
import { weaknessOf } from '@latchkey/core/secret-strength'
import { type AuditChain, createAuditChain } from './audit/chain.ts'
import { emptyCompanyList } from './audit/company-list.ts'
import type { TokenIssuer } from './auth/access-token.ts'
import type { OutsideRefusals } from './auth/outside-issuers.ts'
import { createPasswords, type Passwords } from './auth/password.ts'
import { createSignInLimits, type SignInLimits } from './auth/sign-in-limits.ts'
import type { PasswordCost } from './auth/stored-password.ts'
import type { VerifiedToken } from './auth/verify-token.ts'
import { type Changes, createChanges } from './changes/changes.ts'
import type { Config, SecretSource } from './config.ts'
import { settleKeys } from './deployment.ts'
import { openStore, prepareSecret } from './open-store.ts'
import type { DerivedKeys } from './server-secret.ts'
import type { GivenSecret } from './settings.ts'
import type { Engine } from './storage/engine.ts'
import type { Disk } from './storage/sqlite/room.ts'
import { createEvents, type Events } from './telemetry/events.ts'
import { createLog } from './telemetry/log.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import type { Traces } from './telemetry/traces.ts'
import type { Revocations } from './verification/freshness/revocations.ts'
import { createLimits, type Limits } from './verification/limits.ts'
import { createUsage, type Usage } from './verification/usage/usage.ts'
import { wireOutsideIssuers, wireTokens } from './wire-tokens.ts'
import { type Judging, wireVerification } from './wire-verification.ts'

/** Everything the parts of the service need, made in one place. Take what you need with Pick. */
export type Services = Judging & {
  readonly config: Config
  readonly engine: Engine
  readonly change: Changes['change']
  readonly commit: Changes['commit']
  readonly begin: Changes['begin']
  readonly fingerprint: ReturnType<typeof createFingerprinter>
  readonly chain: AuditChain
  readonly derivedKeys: DerivedKeys
  readonly usage: Usage
  readonly limits: Limits
  readonly tokenIssuer: TokenIssuer
  readonly verifyToken: (token: string) => Promise<VerifiedToken | undefined>
  readonly outsideRefusals: OutsideRefusals
  readonly passwords: Passwords
  readonly signInLimits: SignInLimits
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  readonly events: Events
  readonly metrics: Metrics
  /** undefined: off. */
  readonly traces: Traces | undefined
  readonly secretSource: SecretSource
  /** Lets go of everything, after what is under way is stored. */
  dispose(): Promise<void>
}

/** What a test may put in place of the real thing. */
export type Overrides = {
  readonly clock?: Clock
  readonly randomBytes?: RandomBytes
  /** Takes each log line instead of standard error. */
  readonly logSink?: (line: string) => void
  /** Less work for each hash of a test; undefined: what it costs in earnest. */
  readonly passwordCost?: PasswordCost | undefined
  /** Called when the disk fails under the store. */
  readonly onFatal?: (error: unknown) => void
  /** The disk under the embedded store. */
  readonly disk?: () => Disk
}

const systemClock: Clock = { nowMs: () => Date.now() }

/** Opens the store and wires the parts. Throws ConfigError or StoreError with one sentence. */
export async function createServices(
  config: Config,
  secretSource: SecretSource,
  overrides: Overrides = {},
): Promise<Services> {
  const log = createLog(config.logLevel, overrides.logSink)
  const events = createEvents(log)
  const clock = overrides.clock ?? systemClock
  const randomBytes = overrides.randomBytes ?? createRandomPool(cryptoRandomBytes)
  /** Another one each time. */
  const newId = () => Buffer.from(randomBytes(16)).toString('hex')
  const outsideIssuers = await wireOutsideIssuers(config, secretSource, events, clock)
  const secret = prepareSecret(secretSource)
  /** Not set yet while the store is opened and its secret is checked. */
  let followed: Revocations | undefined
  const metrics = createMetrics({ engine: () => verifier, verifiers: () => followed?.verifiers() })
  const traces = config.traces ? (await import('./telemetry/traces.ts')).createTraces() : undefined
  const engine = await openStore(config, secretSource, {
    onCommit: metrics.writesCommitted,
    onError: events.connectionLost,
    onThreadLost: events.threadLost,
    onFatal: (error) => {
      events.storeFailed(error)
      ;(overrides.onFatal ?? exitNow)(error)
    },
    ...(overrides.disk === undefined ? {} : { disk: overrides.disk }),
    expect: () => followed?.expect() ?? ((head) => head.isAccepted),
  })
  const derivedKeys = await settleOrClose(engine, secret, clock)
  noteWeakness(secret, events)
  const tokens = wireTokens(config.publicUrl, outsideIssuers, derivedKeys, clock, randomBytes)
  const fingerprint = createFingerprinter(derivedKeys.fingerprint)
  const judging = wireVerification(engine, fingerprint, derivedKeys, events, newId)
  const { verifier, revocations } = judging
  followed = revocations
  const chain = createAuditChain(derivedKeys.audit)
  const usage = createUsage({ engine, clock, newId, onError: events.usageLost })
  const limits = createLimits(engine, overrides.clock, metrics)
  return {
    config,
    engine,
    ...wireChanges({ engine, clock, randomBytes, chain }, metrics, revocations),
    ...judging,
    fingerprint,
    chain,
    derivedKeys,
    usage,
    limits,
    ...tokens,
    passwords: createPasswords(derivedKeys.password, overrides.passwordCost),
    signInLimits: createSignInLimits(config.failedAuthPerMinuteMax),
    clock,
    randomBytes,
    events,
    metrics,
    traces,
    secretSource,
    dispose: () => disposeOf({ engine, revocations, limits, usage, events }),
  }
}

/** What is under way is stored first. */
async function disposeOf({
  engine,
  revocations,
  limits,
  usage,
  events,
}: Pick<Services, 'engine' | 'revocations' | 'limits' | 'usage' | 'events'>): Promise<void> {
  await revocations.stop().catch(events.connectionLost)
  await limits.stop().catch(events.limitsLost)
  await usage.stop().catch(events.usageLost)
  await engine.close()
}

const wireChanges = (
  parts: Pick<Services, 'engine' | 'clock' | 'randomBytes' | 'chain'>,
  metrics: Metrics,
  { settle }: Revocations,
) => createChanges({ ...parts, settle: metrics.timingSettles(settle) })

async function settleOrClose(engine: Engine, secret: GivenSecret, clock: Clock): Promise<DerivedKeys> {
  try {
    return await settleKeys(engine, secret, clock, ({ audit }) => emptyCompanyList(createAuditChain(audit)))
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** Logs a weak secret of an existing store. A new store is not made with one. */
function noteWeakness({ text }: GivenSecret, events: Events): void {
  const why = weaknessOf(text)
  if (why !== undefined) events.secretWeak({ why })
}

/** After a failed disk write nothing this process believes about the store is certain: it may not go on. */
function exitNow(error: unknown): never {
  process.stderr.write(
    `latchkey: the disk under the data directory failed (${error instanceof Error ? error.message : String(error)}); ` +
      'the process ends so that nothing unsaved is acknowledged. Check the disk, then start again.\n',
  )
  process.exit(74)
}
