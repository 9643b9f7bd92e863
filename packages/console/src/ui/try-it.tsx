import { Button } from '@mantine/core'
import { useState } from 'react'
import { type Tried, tryKey } from '../api/try-key.ts'
import { Notice, ProblemNotice } from './notice.tsx'

/** The first call with a new key, for whoever has no terminal at hand. */
export function TryIt({ secret }: { readonly secret: string }) {
  const [tried, setTried] = useState<Tried>()
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const run = async () => {
    setBusy(true)
    setError(undefined)
    try {
      setTried(await tryKey(secret))
    } catch (failure) {
      setError(failure)
    }
    setBusy(false)
  }
  return (
    <>
      <div className="lk-row">
        <Button variant="default" onClick={run} loading={isBusy}>
          Try it
        </Button>
        <span className="lk-small lk-dim">One call with this key, from your browser.</span>
      </div>
      <ProblemNotice error={error} />
      {tried === undefined ? null : <Outcome tried={tried} />}
    </>
  )
}

function Outcome({ tried }: { readonly tried: Tried }) {
  if ('refusal' in tried) {
    return (
      <Notice tone="warn">
        <p>The key is there, and this call was refused: {tried.refusal}</p>
      </Notice>
    )
  }
  return (
    <Notice tone="good">
      <p>✓ It works: the key was accepted{tried.address === null ? '' : `, from ${tried.address}`}.</p>
    </Notice>
  )
}
