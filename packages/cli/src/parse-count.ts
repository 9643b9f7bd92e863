import { InvalidArgumentError } from 'commander'

/** How many of something, as an option says it. Throws InvalidArgumentError. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 on.')
}
