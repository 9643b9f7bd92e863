import type { ConsoleDeployment } from '@latchkey/contract/schemas/console'

/** How one's own requests arrive: the address that counts, and the proxies that it came through. */
export function PathText({ path }: { readonly path: ConsoleDeployment['path'] }) {
  const { connectedFrom, forwardedFor, isBelieved, address } = path
  return (
    <>
      The service sees you at <span className="lk-mono">{address ?? 'no address that it can tell'}</span>
      {address === connectedFrom ? null : (
        <>
          , through <span className="lk-mono">{connectedFrom ?? 'an unknown proxy'}</span>
        </>
      )}
      .{' '}
      {forwardedFor === null ? null : (
        <>
          X-Forwarded-For says <span className="lk-mono">{forwardedFor}</span>, and{' '}
          {isBelieved
            ? 'is believed: LATCHKEY_TRUSTED_PROXIES names who connects.'
            : 'is not believed: LATCHKEY_TRUSTED_PROXIES does not name who connects.'}
        </>
      )}
    </>
  )
}
