/** Of a name in an error no more is repeated. */
const NAME_LENGTH_MAX = 100

/** The pointer (RFC 6901 §3) to a member of what `base` points to. */
export function pointerTo(base: string, member: string | number): string {
  return `${base}/${String(member).slice(0, NAME_LENGTH_MAX).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
