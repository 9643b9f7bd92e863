import { Button, Checkbox } from '@mantine/core'
import { useEffect } from 'react'
import { Notice } from '../../ui/notice.tsx'
import { Reveal } from '../../ui/reveal.tsx'

type RevealStepProps = {
  readonly secret: string
  readonly isStored: boolean
  readonly onStored: (isStored: boolean) => void
  /** Somebody wanted to close it before saying that the key is stored. */
  readonly isWarned: boolean
  readonly onDone: () => void
}

/** The end of what makes a secret: nobody leaves by accident. */
export function RevealStep({ secret, isStored, onStored, isWarned, onDone }: RevealStepProps) {
  useEffect(() => {
    if (isStored) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [isStored])
  return (
    <div className="lk-stack">
      <Reveal secret={secret} />
      {isWarned && !isStored ? (
        <Notice tone="bad">
          <p>Store the key first: when this closes it is gone. Then tick “I have stored it”.</p>
        </Notice>
      ) : null}
      <div className="lk-actions">
        <Checkbox
          label="I have stored it"
          checked={isStored}
          onChange={(event) => onStored(event.currentTarget.checked)}
        />
        <Button onClick={onDone} disabled={!isStored}>
          Done
        </Button>
      </div>
    </div>
  )
}
