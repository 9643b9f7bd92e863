import type { KeyBegin } from '../storage/key-begins.ts'
import { type Finding, problem, warning } from './finding.ts'

/** Whether keys were made under another prefix, which is no more recognised; undefined: none. */
export function diagnoseKeyPrefix(begins: readonly KeyBegin[], keyPrefix: string): Finding | undefined {
  const isOwn = ({ begin }: KeyBegin) => begin.startsWith(`${keyPrefix}_`)
  const others = begins.filter((one) => !isOwn(one))
  if (others.length === 0) return undefined
  const count = others.reduce((sum, { keys }) => sum + keys, 0)
  const named = others.map(({ begin }) => shown(begin)).join(', ')
  const what = count === 1 ? 'active key begins' : 'active keys begin'
  return (begins.some(isOwn) ? warning : problem)(
    'key-prefix',
    `${count} ${what} with ${named}, and LATCHKEY_KEY_PREFIX is ${keyPrefix}: refused as NOT_FOUND.`,
    'Set LATCHKEY_KEY_PREFIX back, or give each a new secret (latchkey keys rotate), which begins as it says now.',
  )
}

/** Whoever wrote it into the store does not write to the terminal. */
const shown = (begin: string): string => begin.replace(/\p{Cc}/gu, '?')
