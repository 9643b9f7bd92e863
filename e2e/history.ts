import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, call } from './calling.ts'

/** What was asked of a service and what it acknowledged, kept by the one who asked. */
export type History = {
  /** Acknowledged keys: id → secret. */
  readonly created: Map<string, string>
  /** Keys whose deletion was asked for, acknowledged or not. */
  readonly asked: Set<string>
  readonly deleted: Set<string>
  /** Answers that were neither, each of them. */
  readonly refusals: Answer[]
  /** Called after each answer, when all of the above knows of it. */
  onAnswer: () => void
}

export function createHistory(): History {
  return { created: new Map(), asked: new Set(), deleted: new Set(), refusals: [], onAnswer: () => {} }
}

const RETRY_MS = 250

/** Resolves at the first answer after which the condition holds. */
export function untilAnswered(history: History, isEnough: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    history.onAnswer = () => {
      if (isEnough()) resolve()
    }
  })
}

/** How many keys and deletions were acknowledged. */
export const acknowledgedBy = ({ created, deleted }: History): number => created.size + deleted.size

type Target = { readonly url: string; readonly key: string; readonly userId: string }

export type Writers = {
  /** Ends them, each after its answer. */
  stop(): Promise<void>
}

/** Clients at once, each creating keys one after another and deleting every third of its own. */
export function startWriters(target: Target, history: History, writers: number): Writers {
  let isOver = false

  async function write(): Promise<void> {
    for (let turn = 1; !isOver; turn++) {
      const id = await createOne(target, history)
      if (id !== undefined && turn % 3 === 0) await deleteOne(target, history, id)
      // As a client does that is told to come again.
      if (id === undefined) await sleep(RETRY_MS)
    }
  }

  // A service that is gone ends its writer: the request may have been done or not, and counts as neither.
  const all = Array.from({ length: writers }, () =>
    write().catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error
    }),
  )
  return {
    async stop() {
      isOver = true
      await Promise.all(all)
    },
  }
}

async function createOne({ url, key, userId }: Target, history: History): Promise<string | undefined> {
  const answer = await call(url, { path: '/keys', key, body: { userId } })
  if (answer.status !== 201) {
    history.refusals.push(answer)
    history.onAnswer()
    return undefined
  }
  const made = answer.body as { id: string; key: string }
  history.created.set(made.id, made.key)
  history.onAnswer()
  return made.id
}

async function deleteOne({ url, key }: Target, history: History, id: string): Promise<void> {
  history.asked.add(id)
  const answer = await call(url, { method: 'DELETE', path: `/keys/${id}`, key })
  if (answer.status !== 204) {
    history.refusals.push(answer)
    history.onAnswer()
    return
  }
  history.deleted.add(id)
  history.onAnswer()
}

const BATCH_MAX = 100

/**
 * Acknowledged keys that a running service does not know or takes for dead, and acknowledged deletions whose key
 * it still accepts: each with the verdict. Nothing, when nothing was lost.
 */
export async function findLost({ url, key }: Omit<Target, 'userId'>, history: History): Promise<string[]> {
  const { created, asked, deleted } = history
  const lost: string[] = []
  const all = [...created]
  for (let start = 0; start < all.length; start += BATCH_MAX) {
    const batch = all.slice(start, start + BATCH_MAX)
    const body = { keys: batch.map(([, secret]) => ({ key: secret })) }
    const answer = await call(url, { path: '/verify/batch', key, body })
    if (answer.status !== 200) throw new Error(`verification answered ${answer.status}`)
    const verdicts = answer.body.results as { code: string }[]
    for (const [index, [id]] of batch.entries()) {
      const code = verdicts[index]?.code
      if (deleted.has(id) ? code !== 'INACTIVE' : !asked.has(id) && code !== 'VALID') {
        lost.push(`${id} ${code}`)
      }
    }
  }
  return lost
}

/** Each pair must name the same keys, no more and no fewer. */
const HALVES = {
  'key and creation event': [
    'SELECT id FROM keys',
    "SELECT object_id AS id FROM audit_events WHERE action = 'key.created'",
  ],
  'deleted key and deletion event': [
    'SELECT id FROM keys WHERE deleted_at IS NOT NULL',
    "SELECT object_id AS id FROM audit_events WHERE action = 'key.deleted'",
  ],
  'deleted key and revision': [
    'SELECT id FROM keys WHERE deleted_at IS NOT NULL',
    "SELECT object_id AS id FROM log WHERE scope = 'key'",
  ],
} as const

/** What is half there, missing or damaged in the file itself. Nothing, when it is whole. */
export function findHalves(file: string, history: History): string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  const ids = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map(({ id }) => String(id))
  const faults: string[] = []
  database.exec('BEGIN')
  for (const [name, [one, other]] of Object.entries(HALVES)) {
    const [left, right] = [ids(one), ids(other)]
    const difference = new Set(left).symmetricDifference(new Set(right))
    if (left.length !== right.length || difference.size > 0) faults.push(`${name}: ${[...difference]}`)
  }
  const created = new Set(ids(HALVES['key and creation event'][1]))
  const deleted = new Set(ids(HALVES['deleted key and deletion event'][1]))
  for (const id of history.created.keys()) if (!created.has(id)) faults.push(`no creation event of ${id}`)
  for (const id of history.deleted) if (!deleted.has(id)) faults.push(`no deletion event of ${id}`)
  const revisions = 'SELECT revision - (SELECT count(*) FROM log) AS id FROM head'
  if (ids(revisions)[0] !== '0') faults.push(`head and log differ by ${ids(revisions)[0]}`)
  database.exec('COMMIT')
  const [integrity] = database.prepare('PRAGMA integrity_check').all()
  if (integrity?.integrity_check !== 'ok') faults.push(String(integrity?.integrity_check))
  database.close()
  return faults
}
