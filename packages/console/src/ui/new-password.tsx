import { PasswordInput } from '@mantine/core'

/** As the service: shorter ones are found by trying. */
const LENGTH_MIN = 12

type NewPasswordProps = {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly error: string | undefined
  readonly label?: string
  readonly autoFocus?: boolean
}

export function NewPassword({
  value,
  onChange,
  error,
  label = 'Password',
  autoFocus = false,
}: NewPasswordProps) {
  return (
    <PasswordInput
      label={label}
      description={`At least ${LENGTH_MIN} characters: four words that have nothing to do with each other are good.`}
      autoComplete="new-password"
      minLength={LENGTH_MIN}
      autoFocus={autoFocus}
      required
      withAsterisk={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      error={error}
    />
  )
}
