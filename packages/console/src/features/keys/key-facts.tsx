import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { Link } from '@tanstack/react-router'
import { isAnyAddress } from '../../api/addresses.ts'
import { useName } from '../../api/queries.ts'
import { wordOf } from '../../ui/outcome-word.ts'
import { summaryOf } from '../../ui/permissions-field.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { Exactly } from '../../ui/when.tsx'
import { KeyMakers, MakerOfKey } from './key-makers.tsx'
import { LimitsLeft } from './limits-left.tsx'

export function KeyFacts({ apiKey }: { readonly apiKey: ApiKey }) {
  const owner = useName(apiKey.userId)
  const metadata = Object.entries(apiKey.metadata)
  return (
    <section className="lk-panel">
      <h2>Facts</h2>
      <dl className="lk-facts">
        <dt>Status</dt>
        <dd>
          <StatusBadge apiKey={apiKey} />
        </dd>
        <dt>Id</dt>
        <dd className="lk-mono">{apiKey.id}</dd>
        <dt>User</dt>
        <dd className="lk-text">{owner}</dd>
        <dt>Allowed addresses</dt>
        <dd>
          <Addresses entries={apiKey.whitelistedIPs} />
        </dd>
        <dt>Permissions</dt>
        <dd>{summaryOf(apiKey.permissions)}</dd>
        <dt>Limits</dt>
        <dd>
          <LimitsLeft apiKey={apiKey} />
        </dd>
        <dt>Last used</dt>
        <dd>
          <Exactly at={apiKey.lastUsedAt} />
          {apiKey.lastAddress === null ? null : (
            <>
              {' '}
              from <span className="lk-mono">{apiKey.lastAddress}</span>
            </>
          )}
        </dd>
        <LastRefusal apiKey={apiKey} />
        <dt>Expires</dt>
        <dd>
          <Exactly at={apiKey.expiresAt} />
        </dd>
        <LifeOf apiKey={apiKey} />
        {metadata.map(([name, value]) => (
          <Metadata key={name} name={name} value={value} />
        ))}
      </dl>
      <p>
        <Link
          to="/why"
          search={{
            key: apiKey.id,
            ...(apiKey.lastRefusedAddress === null ? {} : { address: apiKey.lastRefusedAddress }),
          }}
        >
          Why was it refused?
        </Link>
      </p>
    </section>
  )
}

function LastRefusal({ apiKey }: { readonly apiKey: ApiKey }) {
  const { lastRefusedAt, lastRefusedCode, lastRefusedAddress } = apiKey
  if (lastRefusedAt === null || lastRefusedCode === null) return null
  return (
    <>
      <dt>Last refused</dt>
      <dd>
        <Exactly at={lastRefusedAt} />
        {lastRefusedAddress === null ? null : (
          <>
            {' '}
            from <span className="lk-mono">{lastRefusedAddress}</span>
          </>
        )}
        : {wordOf(lastRefusedCode)}
      </dd>
    </>
  )
}

function LifeOf({ apiKey }: { readonly apiKey: ApiKey }) {
  return (
    <>
      <dt>Created</dt>
      <dd>
        <Exactly at={apiKey.createdAt} />{' '}
        <span className="lk-text">
          <KeyMakers keyIds={[apiKey.id]}>
            <MakerOfKey keyId={apiKey.id} isWhole />
          </KeyMakers>
        </span>
      </dd>
      <dt>Changed</dt>
      <dd>
        <Exactly at={apiKey.updatedAt} />
      </dd>
      {apiKey.deletedAt === null ? null : (
        <>
          <dt>Deleted</dt>
          <dd>
            <Exactly at={apiKey.deletedAt} />, dead on all servers
          </dd>
        </>
      )}
    </>
  )
}

function Metadata({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt className="lk-text">{name}</dt>
      <dd className="lk-text">{value}</dd>
    </>
  )
}

function Addresses({ entries }: { readonly entries: readonly string[] | null }) {
  if (entries === null) return 'Anywhere'
  return (
    <ul className="lk-chips">
      {entries.map((entry) => (
        <li key={entry} className={`lk-chip${isAnyAddress(entry) ? ' lk-chip-bad' : ''}`}>
          {entry}
          {isAnyAddress(entry) ? ' (any address)' : ''}
        </li>
      ))}
    </ul>
  )
}
