/** Something in the store that this release did not make. */
export type StrangeObject = {
  /** As SQL calls it: table, view, index, trigger, rule, policy, function. */
  readonly type: string
  readonly name: string
  /** What it is on; its own name when it stands by itself. */
  readonly table: string
  /** It has a name of ours, and another text. */
  readonly isChanged: boolean
  /** It acts when the service reads or writes: it can change, hide or take along what is stored. */
  readonly isActing: boolean
  /** Whoever drops it says what it is on. */
  readonly isDroppedOn: boolean
}
