import { Agent } from 'node:https'
import type { Clock } from '@latchkey/core/clock'
import type { RandomBytes } from '@latchkey/core/random'
import { createOutsideIssuers } from './auth/outside-issuers.ts'
import { createSigningKey } from './auth/signing-key.ts'
import { createTokenVerifier } from './auth/verify-token.ts'
import type { Config, SecretSource } from './config.ts'
import type { DerivedKeys } from './server-secret.ts'
import type { Events } from './telemetry/events.ts'
import { createOutsideRefusals } from './telemetry/outside-refusals.ts'

/** The outside issuers whose tokens are taken, and the log of why one is not. */
export async function wireOutsideIssuers(
  { issuersFile, publicUrl, noProxy }: Config,
  { httpsProxy }: SecretSource,
  events: Events,
  clock: Clock,
) {
  const configs = issuersFile === null ? [] : await readIssuers(issuersFile, publicUrl)
  const nowMs = () => clock.nowMs()
  const outsideRefusals = createOutsideRefusals(events, nowMs)
  const outsideIssuers = createOutsideIssuers(configs, {
    nowMs,
    monotonicMs: () => performance.now(),
    refusals: outsideRefusals,
    agent: new Agent({ proxyEnv: { HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy } }),
  })
  return { outsideIssuers, outsideRefusals }
}

/** The schema of the file is loaded for those who have one. */
async function readIssuers(file: string, publicUrl: string | null) {
  const { readIssuersFile } = await import('./issuers-file.ts')
  return readIssuersFile(file, publicUrl)
}

/** What makes tokens of our own, and what judges those that come. */
export function wireTokens(
  issuer: string | null,
  { outsideIssuers, outsideRefusals }: Awaited<ReturnType<typeof wireOutsideIssuers>>,
  derivedKeys: DerivedKeys,
  clock: Clock,
  randomBytes: RandomBytes,
) {
  const signingKey = createSigningKey(derivedKeys.signing)
  const nowMs = () => clock.nowMs()
  return {
    tokenIssuer: { signingKey, randomBytes },
    verifyToken: createTokenVerifier({ signingKey, issuer, outsideIssuers, nowMs }),
    outsideRefusals,
  }
}
