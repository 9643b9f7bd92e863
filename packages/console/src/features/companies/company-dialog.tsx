import type { Company } from '@latchkey/contract/schemas/companies'
import { Button, TextInput } from '@mantine/core'
import { faultOf } from '../../api/api-error.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { CancelButton, Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { differencesIn, StaleNotice } from '../../ui/stale-notice.tsx'
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
  const { call, submit, set, base, theirs } = saving
  const { name, externalId } = saving.fields
  return (
    <Dialog onClose={onClose} title={company === undefined ? 'Add company' : 'Edit company'} isBusy={isBusy}>
      <form onSubmit={submit} className="lk-stack">
        {base === undefined || theirs === undefined ? null : (
          <StaleNotice
            noun="company"
            now={theirs}
            differences={differencesIn(NAMES, base, theirs)}
            onGoOn={saving.goOn}
          />
        )}
        <TextInput
          label="Name"
          data-autofocus
          required
          withAsterisk={false}
          maxLength={200}
          value={name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={faultOf(error, 'name')}
        />
        <TextInput
          label="External id"
          description="Your own id of this customer, if you have one."
          maxLength={200}
          value={externalId}
          onChange={(event) => set({ externalId: event.currentTarget.value })}
          error={faultOf(error, 'externalId')}
        />
        <ProblemNotice error={error} />
        <div className="lk-actions">
          <CancelButton />
          <Button type="submit" loading={isBusy} disabled={theirs !== undefined}>
            {company === undefined ? 'Add company' : 'Save'}
          </Button>
        </div>
        <ApiCall {...call} />
      </form>
    </Dialog>
  )
}
