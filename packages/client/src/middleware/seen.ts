/** What of a request a guard looks at. */
export type Seen = {
  /** Every value of a header, in the order they came. `name` in lower case. */
  readonly values: (name: string) => readonly string[]
  /** The address of the connection's other end. */
  readonly peer: string | undefined
}
