import { expect } from 'vitest'
import type { Issued, Recorder } from './revocations.ts'

/** Of each of the main faults; more by the environment. */
export const MANY = Number(process.env.REVOCATIONS ?? 20)
/** Of each of the others. */
export const SOME = Math.max(Math.min(MANY, 20), Math.ceil(MANY / 10))
/** Keys that are made, remembered by every server and revoked before the next are made. */
export const ROUND_MAX = 200
/** Clients that revoke at the same time, where nobody has to wait long. */
const CLIENTS = 8
/**
 * The same where each waits for the lease of a server that says nothing. Their writes queue up behind each other,
 * for all keys are of one company: with a hundred the last of them waits longer for its turn than for the lease.
 */
export const CLIENTS_TOGETHER = 32

type Extent = {
  readonly revocations: number
  readonly roundMax?: number
  /** Hears how many there have been, after each round. */
  readonly onRound?: (done: number, all: number) => Promise<unknown>
}

/** Rounds of about the same size, until there have been so many revocations. `round` is told how many, and which it is. */
export async function inRounds(
  { revocations, roundMax = ROUND_MAX, onRound }: Extent,
  round: (count: number, index: number) => Promise<void>,
): Promise<void> {
  const rounds = Math.ceil(revocations / roundMax)
  let done = 0
  for (let index = 0; index < rounds; index++) {
    const count = Math.ceil((revocations - done) / (rounds - index))
    await round(count, index)
    done += count
    await onRound?.(done, revocations)
  }
}

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!

/** Does `work` for each, so many at a time as there are clients, in order. */
export async function atOnce<T, R>(
  clients: number,
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const left = all.entries()
  const client = async () => {
    for (const [index, one] of left) results[index] = await work(one)
  }
  await Promise.all(Array.from({ length: clients }, client))
  return results
}

/** Until a deletion that was refused, and asked of another, has to have come through. */
const REMOVAL_MS_MAX = 30_000
const ISSUE_TRIES = 5

type Named = { readonly name: string }

/** Keys that every server has accepted, and so has in memory. */
export function issueEverywhere<Server extends Named>(
  { servers }: { readonly servers: readonly Server[] },
  recorder: Recorder<Server>,
  count: number,
): Promise<Issued[]> {
  return atOnce(CLIENTS, Array.from({ length: count }), async () => {
    const key = await issueSomewhere(servers, recorder)
    for (const server of servers) await until('VALID', () => recorder.verify(server, key))
    return key
  })
}

/** A machine that stands still for half a second has a write refused, as it should be. */
export async function issueSomewhere<Server extends Named>(
  servers: readonly Server[],
  recorder: Recorder<Server>,
): Promise<Issued> {
  for (let left = ISSUE_TRIES; ; left--) {
    try {
      return await recorder.issue(pick(servers))
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

type Parts<Server> = {
  readonly keys: readonly Issued[]
  /** Who is asked to delete, each key one of them. */
  readonly deleters: readonly Server[]
  /** Who is asked to verify, when the deletion is answered: all of them, at once. */
  readonly verifiers: readonly Server[]
  /** Those that may take long to answer: they are not waited for before the next key is deleted. */
  readonly silent?: readonly Server[]
  /** How many are revoked at the same time. */
  readonly clients?: number
}

/** Deletes each key, however often that takes, and verifies it everywhere at once. What the silent ones answer is waited for by `answered`. */
export async function revokeEach<Server extends Named>(
  recorder: Recorder<Server>,
  { keys, deleters, verifiers, silent = [], clients = CLIENTS }: Parts<Server>,
): Promise<{ readonly answered: Promise<unknown> }> {
  const late: Promise<string>[] = []
  await atOnce(clients, keys, async (key) => {
    const remove = async () => (await recorder.remove(pick(deleters), key)).status
    await until(204, remove, REMOVAL_MS_MAX)
    late.push(...silent.map((server) => recorder.verify(server, key)))
    await Promise.all(verifiers.map((server) => recorder.verify(server, key)))
  })
  return { answered: Promise.all(late) }
}

/** Asks again until the answer is the wanted one. */
export async function until<T>(wanted: T, ask: () => Promise<T>, msMax = 10_000): Promise<void> {
  const deadlineMs = performance.now() + msMax
  for (;;) {
    const answer = await ask()
    if (answer === wanted) return
    if (performance.now() > deadlineMs) expect(answer).toBe(wanted)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Asks again and again: on SQLite whoever may believe a look at the head always has one that is young. */
export function keepBusy(ask: () => Promise<unknown>): { stop(): Promise<void> } {
  let isStopped = false
  const asking = (async () => {
    while (!isStopped) await ask()
  })()
  return {
    stop: () => {
      isStopped = true
      return asking
    },
  }
}
