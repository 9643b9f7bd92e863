import { isAnyAddress } from '../api/addresses.ts'
import { Tip } from './tip.tsx'

/** As many as a row has room for. */
const SHOWN = 2

/** From where a key may be used, in a row of a list. */
export function AddressChips({ entries }: { readonly entries: readonly string[] | null }) {
  if (entries === null) return <span className="lk-dim">Anywhere</span>
  const rest = entries.length - SHOWN
  return (
    <ul className="lk-chips">
      {entries.slice(0, SHOWN).map((entry) => (
        <li key={entry} className="lk-chip">
          {entry}
        </li>
      ))}
      {rest > 0 ? (
        <li>
          <Tip name={`+${rest} more`} lines={[entries.slice(SHOWN).join(', ')]}>
            +{rest}
          </Tip>
        </li>
      ) : null}
      {entries.some(isAnyAddress) ? <li className="lk-chip lk-chip-bad">any address</li> : null}
    </ul>
  )
}
