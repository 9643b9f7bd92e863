import { DatabaseSync } from 'node:sqlite'
import { type Answer, call } from './calling.ts'

type Target = { readonly url: string; readonly key: string }

/** What is asked of a key's secrets. */
const STEPS = ['replace', 'rotate', 'end', 'extend', 'cancel'] as const
type Step = (typeof STEPS)[number]

/** A key, and what its owner was answered about its secrets. */
export type RotatedKey = {
  readonly id: string
  current: string
  /** The one before, while it lives. */
  previous: string | undefined
  readonly dead: string[]
  /** What was asked and not answered. */
  asked: { readonly step: Step; readonly word: string } | undefined
  /** How often it was answered. */
  answered: number
}

export async function createRotatedKeys(
  target: Target,
  userId: string,
  count: number,
): Promise<RotatedKey[]> {
  const made = Array.from({ length: count }, () =>
    call(target.url, { path: '/keys', key: target.key, body: { userId, permissions: [] } }),
  )
  return (await Promise.all(made)).map(({ body }) => ({
    id: String(body.id),
    current: String(body.key),
    previous: undefined,
    dead: [],
    asked: undefined,
    answered: 0,
  }))
}

const OVERLAP_SECONDS = 3_600
const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!

/** One change of its secrets, whichever is possible. Throws TypeError when the service is gone. */
export async function changeSecrets(target: Target, key: RotatedKey): Promise<void> {
  const step = pick(key.previous === undefined ? STEPS.slice(0, 2) : STEPS.filter((one) => one !== 'rotate'))
  key.asked = { step, word: `${key.id}-${key.answered}` }
  const answer = await ask(target, key)
  if (answer.status >= 300)
    throw new Error(`${step} was answered ${answer.status} ${JSON.stringify(answer.body)}`)
  take(key, step, String(answer.body.key))
}

function ask({ url, key }: Target, { id, asked }: RotatedKey): Promise<Answer> {
  const path = `/keys/${id}/rotation`
  const { step, word } = asked!
  const move = (ms: number) => ({ previousEndsAt: new Date(Date.now() + ms).toISOString() })
  if (step === 'cancel') return call(url, { method: 'DELETE', path, key })
  if (step === 'end') return call(url, { method: 'PATCH', path, key, body: move(-1_000) })
  if (step === 'extend')
    return call(url, { method: 'PATCH', path, key, body: move(2 * OVERLAP_SECONDS * 1_000) })
  const overlapSeconds = step === 'replace' ? 0 : OVERLAP_SECONDS
  return call(url, { path, key, body: { overlapSeconds }, headers: { 'idempotency-key': word } })
}

/** It was done. */
function take(key: RotatedKey, step: Step, fresh: string): void {
  const { current, previous } = key
  key.asked = undefined
  key.answered += 1
  if (step === 'extend') return
  if (step === 'cancel') key.dead.push(current)
  else if (previous !== undefined) key.dead.push(previous)
  if (step === 'replace') key.dead.push(current)
  key.previous = step === 'rotate' ? current : undefined
  if (step === 'cancel') key.current = previous!
  else if (step !== 'end') key.current = fresh
}

/** How a key may be found: which of the known secrets live, whether the current one is known, and whether a rotation is open. */
type State = { readonly living: string; readonly isKnown: boolean; readonly isOpen: boolean }

const stateOf = (living: readonly (string | undefined)[], isKnown: boolean): State => ({
  living: living
    .filter((secret) => secret !== undefined)
    .sort()
    .join(' '),
  isKnown,
  isOpen: living.length + (isKnown ? 0 : 1) === 2 && !living.includes(undefined),
})

/** As it was before what was asked, and as it is after. */
function statesOf({ current, previous, asked }: RotatedKey): readonly [before: State, after: State] {
  const before = stateOf([current, previous], true)
  if (asked === undefined || asked.step === 'extend') return [before, before]
  if (asked.step === 'replace') return [before, stateOf([], false)]
  if (asked.step === 'rotate') return [before, stateOf([current], false)]
  return [before, stateOf([asked.step === 'end' ? current : previous], true)]
}

/** A batch takes a hundred. */
const DEAD_ASKED_MAX = 90

/**
 * Looks in which of its two states a key is, and goes on from there: a secret whose answer was lost is asked for again.
 * Answers what is wrong; undefined: nothing.
 */
export async function takeUp(target: Target, key: RotatedKey): Promise<string | undefined> {
  const { url, key: credential } = target
  const known = [
    key.current,
    ...(key.previous === undefined ? [] : [key.previous]),
    ...key.dead.slice(-DEAD_ASKED_MAX),
  ]
  const body = { keys: known.map((secret) => ({ key: secret })) }
  const verified = await call(url, { path: '/verify/batch', key: credential, body })
  const verdicts = verified.body.results as { code: string }[]
  const living = known.filter((_, index) => verdicts[index]?.code === 'VALID')
  const { body: shown } = await call(url, { path: `/keys/${key.id}`, key: credential })
  const lastFour = String(shown.key).slice(-4)
  const found: State = {
    living: [...living].sort().join(' '),
    isKnown: living.some((secret) => secret.endsWith(lastFour)),
    isOpen: shown.rotation !== null,
  }
  const [before, after] = statesOf(key)
  const { asked } = key
  if (isSame(found, before)) {
    key.asked = undefined
    return undefined
  }
  if (!isSame(found, after))
    return `${key.id} after ${asked?.step}: ${JSON.stringify({ found, before, after })}`
  const { step } = asked!
  if (step !== 'replace' && step !== 'rotate') {
    take(key, step, '')
    return undefined
  }
  const again = await ask(target, key)
  const fresh = String(again.body.key)
  take(key, step, fresh)
  const isReplayed = again.headers.get('idempotent-replayed') === 'true'
  return isReplayed && fresh.endsWith(lastFour)
    ? undefined
    : `${key.id}: the answer that was lost does not come again`
}

const isSame = (one: State, other: State): boolean =>
  one.living === other.living && one.isKnown === other.isKnown && one.isOpen === other.isOpen

/** What is half there in the file itself: secrets by their ordinals, which leave none out, and events. */
const HALVES = {
  'secrets without a gap, none twice': `SELECT keys.id FROM keys LEFT JOIN secrets ON secrets.key_id = keys.id
    GROUP BY keys.id HAVING count(DISTINCT coalesce(secrets.ordinal, 0)) <> max(1, count(secrets.tag))
      OR max(keys.secret_ordinal, coalesce(max(secrets.ordinal), 0)) <> count(secrets.tag) + 1
      OR sum(secrets.ordinal = keys.secret_ordinal) > 0`,
  'an event for each secret but the first': `SELECT keys.id FROM keys
    WHERE (SELECT count(*) FROM secrets WHERE key_id = keys.id)
      <> (SELECT count(*) FROM audit_events WHERE object_id = keys.id AND action = 'key.rotated')`,
  'a previous secret that is there': `SELECT id FROM keys WHERE previous_tag IS NOT NULL
    AND previous_tag NOT IN (SELECT tag FROM secrets WHERE key_id = keys.id)`,
  'one that lives at most beside the current one': `SELECT keys.id FROM keys JOIN secrets ON secrets.key_id = keys.id
    WHERE secrets.ends_at > unixepoch('subsec') * 1000 GROUP BY keys.id
    HAVING count(*) > 1 OR max(secrets.tag) IS NOT max(keys.previous_tag)`,
} as const

export function findHalfRotations(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return Object.entries(HALVES).flatMap(([name, sql]) =>
      database
        .prepare(sql)
        .all()
        .map(({ id }) => `${id}: ${name}`),
    )
  } finally {
    database.close()
  }
}
