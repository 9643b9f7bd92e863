export type Choice = { readonly value: string; readonly label: string }

/** A list that has what is chosen: in place of what it does not have, the browser shows its first entry. */
export function withChosen(choices: readonly Choice[], value: string, label: string): Choice[] {
  return choices.some((choice) => choice.value === value) ? [...choices] : [...choices, { value, label }]
}
