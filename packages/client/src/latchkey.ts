import { type AuditResource, createAudit } from './audit.ts'
import { type AuthResource, createAuth } from './auth.ts'
import type { Call } from './call.ts'
import { type CompaniesResource, createCompanies } from './companies.ts'
import { createKeys, type KeysResource } from './keys.ts'
import { assertCount, type CallOptions, type LatchkeyOptions, type Settings, settingsOf } from './options.ts'
import { createTransport, type Transport } from './transport.ts'
import { createUsers, type UsersResource } from './users.ts'
import { openVerifier, type Verifier, type VerifierOptions } from './verifier.ts'
import { verifyOne } from './verify.ts'
import type {
  ChangesRequest,
  ChangesResult,
  Health,
  KeyRecordRequest,
  KeyRecordResult,
  ListUsageQuery,
  Me,
  Readiness,
  UsageList,
  UsageReport,
  UsageReportResult,
  VerifyBatchRequest,
  VerifyBatchResult,
  VerifyRequest,
  VerifyResult,
} from './wire.ts'

/** A client of one Latchkey service. Holds its key where nothing prints it. */
export class Latchkey {
  readonly #settings: Settings
  readonly #transport: Transport
  readonly keys: KeysResource
  readonly users: UsersResource
  readonly companies: CompaniesResource
  readonly audit: AuditResource
  readonly auth: AuthResource

  /** Throws LatchkeyError `invalid_options` with one sentence that says what to pass. */
  constructor(options: LatchkeyOptions = {}) {
    this.#settings = settingsOf(options)
    const transport = createTransport(this.#settings)
    this.#transport = transport
    this.keys = createKeys(transport)
    this.users = createUsers(transport)
    this.companies = createCompanies(transport)
    this.audit = createAudit(transport)
    this.auth = createAuth(transport)
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'Latchkey { key: [secret] }'
  }

  /** Asks the service for the verdict on a key or token. Fails, and never says yes, when that cannot be told. */
  verify(attempt: VerifyRequest, options?: CallOptions): Call<VerifyResult> {
    return verifyOne(this.#transport, attempt, options)
  }

  /**
   * A verifier that answers from the memory of this process, as long as the service vouches for that. Its code is loaded
   * when this is first called. Close it when the application ends.
   */
  verifier(options: VerifierOptions = {}): Verifier {
    assertCount('keysMax', options.keysMax, 1)
    return openVerifier(
      import('./verifier/local-verifier.ts').then((code) =>
        code.createLocalVerifier(this.#settings, options),
      ),
    )
  }

  /** Up to 100 verdicts, in the order asked. */
  verifyBatch(keys: VerifyBatchRequest['keys'], options?: CallOptions): Call<VerifyBatchResult> {
    return this.#transport('verifyApiKeys', { body: { keys } }, options)
  }

  /** What judging a key takes, for a verifier in your own process. */
  keyRecord(presented: KeyRecordRequest, options?: CallOptions): Call<KeyRecordResult> {
    return this.#transport('getKeyRecord', { body: presented }, options)
  }

  /** What has changed, and how long what a verifier has in memory may answer. */
  changes(question: ChangesRequest, options?: CallOptions): Call<ChangesResult> {
    return this.#transport('followChanges', { body: question }, options)
  }

  /** Adds what a verifier has judged to the usage of its keys. */
  reportUsage(report: UsageReport, options?: CallOptions): Call<UsageReportResult> {
    return this.#transport('reportUsage', { body: report }, options)
  }

  /** How often the company's keys were used, by day, key, code or user. */
  usage(query: ListUsageQuery = {}, options?: CallOptions): Call<UsageList> {
    return this.#transport('listUsage', { query }, options)
  }

  /** Who the credential is, what it is permitted, and the address seen. */
  me(options?: CallOptions): Call<Me> {
    return this.#transport('getMe', {}, options)
  }

  /** Whether the service lives. */
  health(options?: CallOptions): Call<Health> {
    return this.#transport('getHealth', {}, options)
  }

  /** Whether the service can do its work. */
  readiness(options?: CallOptions): Call<Readiness> {
    return this.#transport('getReadiness', {}, options)
  }
}
