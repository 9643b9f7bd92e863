import type { ApiKey } from '@latchkey/contract/schemas/keys'
import { type Dispatch, memo, type SetStateAction, useCallback } from 'react'
import { useRightsOfKeys } from '../../api/key-rights.ts'
import { useMay } from '../../api/queries.ts'
import { AddressChips } from '../../ui/address-chips.tsx'
import { ListTable } from '../../ui/list-table.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { When } from '../../ui/when.tsx'
import { DaysOfKey } from './key-days.tsx'
import { KeyLink } from './key-link.tsx'
import { MakerOfKey, OwnerOfKey } from './key-makers.tsx'

type KeysTableProps = {
  readonly rows: readonly ApiKey[]
  readonly isLoading: boolean
  readonly isStale: boolean
  readonly picked: ReadonlySet<string>
  readonly onPick: Dispatch<SetStateAction<ReadonlySet<string>>>
}

const HEADINGS = ['Description', 'Key', 'User', 'Status', 'Addresses', 'Created', 'Last used', 'Expires']

/** A page of keys. */
export function KeysTable({ rows, isLoading, isStale, picked, onPick }: KeysTableProps) {
  const may = useMay()
  const mayPick = may('keys:delete')
  const rightsOf = useRightsOfKeys()
  const toggle = useCallback((id: string) => onPick((picked) => toggled(picked, id)), [onPick])
  const pickable = rows.filter((row) => row.deletedAt === null && rightsOf(row).may('delete'))
  const isAll = pickable.length > 0 && pickable.every(({ id }) => picked.has(id))
  const picker = (
    <input
      type="checkbox"
      className="lk-check"
      aria-label="Pick all on this page"
      checked={isAll}
      onChange={() => onPick(new Set(isAll ? [] : pickable.map(({ id }) => id)))}
    />
  )
  return (
    <ListTable
      caption="Keys, newest first"
      headings={HEADINGS}
      isLoading={isLoading}
      isStale={isStale}
      picker={mayPick ? picker : undefined}
    >
      {rows.map((row) => (
        <KeyRow
          key={row.id}
          apiKey={row}
          isPicked={picked.has(row.id)}
          hasBoxes={mayPick}
          onToggle={pickable.includes(row) ? toggle : undefined}
        />
      ))}
    </ListTable>
  )
}

type KeyRowProps = {
  readonly apiKey: ApiKey
  readonly isPicked: boolean
  /** Whether rows have boxes, of which this one may be left out. */
  readonly hasBoxes: boolean
  /** undefined: nothing can be done with it. */
  readonly onToggle: ((id: string) => void) | undefined
}

/** Drawn again only when something of it changes: there are fifty, and a dialog opens over them. */
const KeyRow = memo(function KeyRow({ apiKey, isPicked, hasBoxes, onToggle }: KeyRowProps) {
  const name = apiKey.description ?? 'No description'
  return (
    <tr>
      {hasBoxes ? (
        <td className="lk-pick">
          {onToggle === undefined ? null : (
            <input
              type="checkbox"
              className="lk-check"
              aria-label={`Pick ${name}, ${apiKey.key}`}
              checked={isPicked}
              onChange={() => onToggle(apiKey.id)}
            />
          )}
        </td>
      ) : null}
      <td data-label="Description">
        <KeyLink keyId={apiKey.id}>{name}</KeyLink>
        {apiKey.mode === 'test' ? <span className="lk-dim"> (test)</span> : null}
      </td>
      <td data-label="Key" className="lk-mono">
        {apiKey.key}
      </td>
      <td data-label="User" className="lk-text">
        <OwnerOfKey keyId={apiKey.id} userId={apiKey.userId} />
      </td>
      <td data-label="Status">
        <StatusBadge apiKey={apiKey} />
      </td>
      <td data-label="Addresses">
        <AddressChips entries={apiKey.whitelistedIPs} />
      </td>
      <td data-label="Created">
        <When at={apiKey.createdAt} />
        <span className="lk-maker lk-dim lk-text">
          <MakerOfKey keyId={apiKey.id} />
        </span>
      </td>
      <td data-label="Last used">
        <When at={apiKey.lastUsedAt} />
        <DaysOfKey keyId={apiKey.id} />
      </td>
      <td data-label="Expires">
        <When at={apiKey.expiresAt} />
      </td>
    </tr>
  )
})

function toggled(picked: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(picked)
  if (!next.delete(id)) next.add(id)
  return next
}
