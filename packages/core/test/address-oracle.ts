/**
 * A second opinion on addresses, written from RFC 4291 §2.2, RFC 5952 §4 and the project's own rules, not from
 * the code it is held against: whole numbers as BigInt, membership in spelled-out sets, every possible length
 * of `::` tried. Slow and obvious on purpose.
 */
export type OracleAddress = { readonly family: 4 | 6; readonly value: bigint }
export type OracleBlock = OracleAddress & { readonly prefixLength: number }

const DECIMALS_TO_255 = new Map(Array.from({ length: 256 }, (_, number) => [String(number), number]))
const DECIMALS_TO_128 = new Map(Array.from({ length: 129 }, (_, number) => [String(number), number]))
const HEX_DIGITS = '0123456789abcdefABCDEF'

function oracleV4(text: string): bigint | undefined {
  const numbers = text.split('.').map((part) => DECIMALS_TO_255.get(part))
  if (numbers.length !== 4) return undefined
  let value = 0n
  for (const number of numbers) {
    if (number === undefined) return undefined
    value = value * 256n + BigInt(number)
  }
  return value
}

function oracleV6(text: string): bigint | undefined {
  // The dotted tail becomes two groups first, so that only one notation is left.
  const lastColon = text.lastIndexOf(':')
  const tail = text.slice(lastColon + 1)
  const isDotted = tail.includes('.')
  let spelled = text
  if (isDotted) {
    const value = oracleV4(tail)
    if (value === undefined) return undefined
    spelled = `${text.slice(0, lastColon + 1)}${(value / 65536n).toString(16)}:${(value % 65536n).toString(16)}`
  }
  const value = valueOfGroups(spelled)
  if (value === undefined) return undefined
  return isDotted && value < 2n ** 32n ? undefined : value
}

function valueOfGroups(spelled: string): bigint | undefined {
  const gaps = [...spelled].map((_, index) => index).filter((index) => spelled.startsWith('::', index))
  if (gaps.length > 1) return undefined
  if (gaps.length === 0) return eightGroups(spelled.split(':'))
  const before = spelled.slice(0, gaps[0])
  const after = spelled.slice(gaps[0]! + 2)
  for (let zeros = 1; zeros <= 8; zeros++) {
    const groups = [
      ...(before === '' ? [] : before.split(':')),
      ...Array<string>(zeros).fill('0'),
      ...(after === '' ? [] : after.split(':')),
    ]
    if (groups.length === 8) return eightGroups(groups)
  }
  return undefined
}

function eightGroups(groups: readonly string[]): bigint | undefined {
  if (groups.length !== 8) return undefined
  for (const group of groups) {
    if (group.length < 1 || group.length > 4) return undefined
    if (![...group].every((digit) => HEX_DIGITS.includes(digit))) return undefined
  }
  return BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`)
}

function oracleAny(text: string): OracleAddress | undefined {
  const v4 = oracleV4(text)
  if (v4 !== undefined) return { family: 4, value: v4 }
  const v6 = text.includes(':') ? oracleV6(text) : undefined
  return v6 === undefined ? undefined : { family: 6, value: v6 }
}

const isMapped = ({ family, value }: OracleAddress): boolean => family === 6 && value / 2n ** 32n === 0xffffn

export function oracleAddress(text: string): OracleAddress | undefined {
  const address = oracleAny(text)
  if (address === undefined || !isMapped(address)) return address
  return { family: 4, value: address.value % 2n ** 32n }
}

export function oracleBlock(text: string): OracleBlock | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/')
  const address = oracleAny(addressText)
  if (address === undefined || rest.length > 0) return undefined
  const bits = address.family === 4 ? 32 : 128
  const length = lengthText === undefined ? bits : DECIMALS_TO_128.get(lengthText)
  if (length === undefined || length > bits) return undefined
  const size = 2n ** BigInt(bits - length)
  const value = address.value - (address.value % size)
  // Nobody means more than the mapped addresses by one of them.
  if (isMapped(address) && length < 96) return undefined
  return isMapped(address)
    ? { family: 4, value: value % 2n ** 32n, prefixLength: length - 96 }
    : { family: address.family, value, prefixLength: length }
}

export function oracleFormat({ family, value }: OracleAddress): string {
  const width = family === 4 ? 8n : 16n
  const parts = Array.from({ length: family === 4 ? 4 : 8 }, (_, index, count = family === 4 ? 4 : 8) => {
    return (value / 2n ** (width * BigInt(count - 1 - index))) % 2n ** width
  })
  if (family === 4) return parts.join('.')
  const groups = parts.map((part) => part.toString(16))
  // Longest first, leftmost first, never a single group.
  for (let length = 8; length >= 2; length--) {
    for (let start = 0; start + length <= 8; start++) {
      if (groups.slice(start, start + length).every((group) => group === '0')) {
        return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
      }
    }
  }
  return groups.join(':')
}

export function oracleFormatBlock(block: OracleBlock): string {
  const isWhole = block.prefixLength === (block.family === 4 ? 32 : 128)
  return isWhole ? oracleFormat(block) : `${oracleFormat(block)}/${block.prefixLength}`
}

/** The canonical entries of one text; undefined when it holds none, or one that is malformed. */
export function oracleEntries(text: string): string[] | undefined {
  const pieces = text.split(',').map((piece) => piece.replace(/^ */, '').replace(/ *$/, ''))
  const blocks = pieces.filter((piece) => piece !== '').map(oracleBlock)
  const entries = blocks.map((block) => (block === undefined ? undefined : oracleFormatBlock(block)))
  if (entries.length === 0) return undefined
  const texts = entries.filter((entry) => entry !== undefined)
  return texts.length === entries.length ? [...new Set(texts)] : undefined
}

export function oracleContains(blocks: readonly OracleBlock[], address: OracleAddress): boolean {
  return blocks.some(({ family, value, prefixLength }) => {
    const size = 2n ** BigInt((family === 4 ? 32 : 128) - prefixLength)
    return family === address.family && address.value >= value && address.value < value + size
  })
}
