import type { Company } from '@latchkey/contract/schemas/companies'
import { TextInput } from '@mantine/core'
import { faultOf } from '../../api/api-error.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { ItemForm } from '../../ui/item-form.tsx'
import { say } from '../../ui/toasts.tsx'
import { useSave } from '../../ui/use-save.ts'
import { useWork } from '../../ui/use-work.ts'

/** `company` undefined: a new one. */
type CompanyDialogProps = { readonly company: Company | undefined; readonly onClose: () => void }

type CompanyFields = { readonly name: string; readonly externalId: string }

const fieldsOf = (company: Company | undefined): CompanyFields => ({
  name: company?.name ?? '',
  externalId: company?.externalId ?? '',
})

const bodyOf = ({ name, externalId }: CompanyFields) => ({
  name: name.trim(),
  externalId: externalId.trim() === '' ? null : externalId.trim(),
})

const NAMES = { name: 'Name', externalId: 'External id', status: 'Status' }

export function CompanyDialog({ company, onClose }: CompanyDialogProps) {
  const onSaved = (saved: Company | undefined) => {
    if (saved !== undefined) say('Saved.')
    onClose()
  }
  const work = useWork()
  const { isBusy, error } = work
  const saving = useSave({ work, list: 'companies', item: company, fieldsOf, bodyOf, onSaved })
  return (
    <Dialog onClose={onClose} title={company === undefined ? 'Add company' : 'Edit company'} isBusy={isBusy}>
      <ItemForm noun="company" names={NAMES} saving={saving} work={work}>
        <TextInput
          label="External id"
          description="Your own id of this customer, if you have one."
          maxLength={200}
          value={saving.fields.externalId}
          onChange={(event) => saving.set({ externalId: event.currentTarget.value })}
          error={faultOf(error, 'externalId')}
        />
      </ItemForm>
    </Dialog>
  )
}
