import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { AllowlistPreview } from '@latchkey/contract/schemas/usage'
import { Checkbox } from '@mantine/core'
import { isAdmitted } from '../../api/addresses.ts'
import { useMe } from '../../api/queries.ts'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { When } from '../../ui/when.tsx'
import type { LockOut } from './use-lock-out.ts'

type LockOutNoticeProps = {
  readonly apiKey: ApiKey
  readonly entries: readonly string[]
  readonly lockOut: LockOut
}

/** As many as are read; the rest is a number. */
const SHOWN = 5

/** Whom a list of addresses would shut out, before it is saved. */
export function LockOutNotice({ apiKey, entries, lockOut }: LockOutNoticeProps) {
  const { preview, error, retry } = lockOut
  return (
    <>
      <ProblemNotice error={error} retry={retry} />
      {preview === undefined || preview.refused.length === 0 ? null : (
        <Notice tone="warn">
          <LockedOut preview={preview} />
          <Checkbox
            label="Lock them out"
            checked={lockOut.isMeant}
            onChange={(event) => lockOut.mean(event.currentTarget.checked)}
          />
        </Notice>
      )}
      {preview === undefined ? null : <OwnAddress apiKey={apiKey} entries={entries} />}
    </>
  )
}

function LockedOut({ preview: { refused, admitted } }: { readonly preview: AllowlistPreview }) {
  const { address: own } = useMe()
  const rest = refused.length - SHOWN
  return (
    <>
      <p>
        This list locks out {refused.length} of the {refused.length + admitted} networks that used the key
        within 30 days:
      </p>
      <RowList>
        {refused.slice(0, SHOWN).map(({ network, address, lastAt }) => (
          <li key={network}>
            <span className="lk-mono">{address}</span>
            {address === own ? ', your own address' : ''}, last <When at={lastAt} />
          </li>
        ))}
        {rest > 0 ? <li>and {rest} more</li> : null}
      </RowList>
    </>
  )
}

type OwnAddressProps = Pick<LockOutNoticeProps, 'apiKey' | 'entries'>

/** A key of one's own is most often tried from where one sits. */
function OwnAddress({ apiKey, entries }: OwnAddressProps) {
  const { address, userId } = useMe()
  if (address === null || apiKey.userId !== userId || isAdmitted(entries, address) !== false) return null
  return (
    <Notice tone="note">
      <p>
        Your own address, <span className="lk-mono">{address}</span>, is not in the list: from here this key
        of yours is refused. The console itself goes on: it uses your session.
      </p>
    </Notice>
  )
}
