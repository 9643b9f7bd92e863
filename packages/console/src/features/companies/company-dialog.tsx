import type { Company } from '@latchkey/contract/schemas/companies'
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { faultOf } from '../../api/api-error.ts'
import { ApiCall } from '../../ui/api-call.tsx'
import { CancelButton, Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { useSave } from '../../ui/use-save.ts'
import { useWork } from '../../ui/use-work.ts'

/** `company` undefined: a new one. */
type CompanyDialogProps = { readonly company: Company | undefined; readonly onClose: () => void }

export function CompanyDialog({ company, onClose }: CompanyDialogProps) {
  const [name, setName] = useState(company?.name ?? '')
  const [externalId, setExternalId] = useState(company?.externalId ?? '')
  const fields = { name: name.trim(), externalId: externalId.trim() === '' ? null : externalId.trim() }
  const onSaved = (saved: Company | undefined) => {
    if (saved !== undefined) say('Saved.')
    onClose()
  }
  const work = useWork()
  const { isBusy, error } = work
  const { call, submit } = useSave({ work, list: 'companies', item: company, fields, onSaved })
  return (
    <Dialog onClose={onClose} title={company === undefined ? 'Add company' : 'Edit company'} isBusy={isBusy}>
      <form onSubmit={submit} className="lk-stack">
        <TextInput
          label="Name"
          data-autofocus
          required
          withAsterisk={false}
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={faultOf(error, 'name')}
        />
        <TextInput
          label="External id"
          description="Your own id of this customer, if you have one."
          maxLength={200}
          value={externalId}
          onChange={(event) => setExternalId(event.currentTarget.value)}
          error={faultOf(error, 'externalId')}
        />
        <ProblemNotice error={error} />
        <div className="lk-actions">
          <CancelButton />
          <Button type="submit" loading={isBusy}>
            {company === undefined ? 'Add company' : 'Save'}
          </Button>
        </div>
        <ApiCall {...call} />
      </form>
    </Dialog>
  )
}
