import { TextInput } from '@mantine/core'
import { faultOf } from '../../api/api-error.ts'
import { useMe } from '../../api/queries.ts'
import { AddressesField } from '../../ui/addresses-field.tsx'
import { PermissionsField } from '../../ui/permissions-field.tsx'
import { ExpiryField } from './expiry-field.tsx'
import type { KeyFields } from './key-fields.ts'
import { LimitsField } from './limits-field.tsx'

type KeyFormFieldsProps = {
  readonly fields: KeyFields
  readonly set: (changed: Partial<KeyFields>) => void
  readonly error: unknown
}

/** What can be said of a key when it is made, and changed later. What is wrong stands beside its field. */
export function KeyFormFields({ fields, set, error }: KeyFormFieldsProps) {
  const me = useMe()
  return (
    <>
      <TextInput
        label="Description"
        placeholder="What it is for, such as “Billing, production”"
        maxLength={200}
        data-autofocus
        value={fields.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
        error={faultOf(error, 'description')}
      />
      <AddressesField
        entries={fields.entries}
        onChange={(entries) => set({ entries })}
        ownAddress={me.address}
        error={faultOf(error, 'whitelistedIPs')}
      />
      <ExpiryField
        value={fields.expiresAt}
        onChange={(expiresAt) => set({ expiresAt })}
        error={faultOf(error, 'expiresAt')}
      />
      <PermissionsField
        value={fields.permissions}
        onChange={(permissions) => set({ permissions })}
        own={me.permissions}
        error={faultOf(error, 'permissions')}
      />
      <LimitsField rateLimits={fields.rateLimits} quota={fields.quota} onChange={set} error={error} />
    </>
  )
}
