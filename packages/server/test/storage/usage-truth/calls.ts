import type { FakeClock } from '../../fake-clock.ts'
import type { JoinedServer, Parsed } from '../../harness.ts'
import type { KeyRecord } from './record.ts'
import type { Random, Subject, Use } from './subjects.ts'

const BATCH = 100
/** One text in so many matches nothing. */
const UNMATCHED = 20
const NOTHING: Use = { key: 'lk_nothing', code: 'NOT_FOUND' }

/** Whoever asks is counted too: for each call, and for each text that matches nothing. */
export type Asker = { readonly id: string; readonly key: string; readonly record: KeyRecord }

export type Run = {
  readonly clock: FakeClock
  readonly random: Random
  /** They come and go. */
  readonly servers: JoinedServer[]
  readonly own: Asker
  readonly operator: Asker
  /** Answers that were not as they had to be. */
  readonly wrong: string[]
  done: number
  unmatchedAtGateways: number
}

const someServer = ({ servers, random }: Run): JoinedServer => servers[random.below(servers.length)]!
export const someOf = <T>({ random }: Pick<Run, 'random'>, items: readonly T[]): T =>
  items[random.below(items.length)]!

export async function askBatch(run: Run, subjects: readonly Subject[]): Promise<void> {
  const drawn = Array.from({ length: BATCH }, () => {
    const subject = run.random.below(UNMATCHED) === 0 ? undefined : someOf(run, subjects)
    return { subject, use: subject?.draw(run.clock.nowMs()) ?? NOTHING }
  })
  const body = { keys: drawn.map(({ use }) => bodyOf(use)) }
  const { results } = await ask(run, { by: run.own, at: someServer(run), path: '/verify/batch', body })
  for (const [index, { subject, use }] of drawn.entries()) {
    note(run, subject?.record ?? run.own.record, use, results[index].code)
  }
}

export async function askAlone(run: Run, subject: Pick<Subject, 'draw' | 'asked' | 'record'>): Promise<void> {
  const use = subject.draw(run.clock.nowMs())
  const { code } = await ask(run, {
    by: subject.asked === 'operator' ? run.operator : run.own,
    at: subject.asked === 'ordered' ? run.servers[0]! : someServer(run),
    path: '/verify',
    body: bodyOf(use),
  })
  note(run, subject.record, use, code)
}

/** By one that is known by its address: nobody's key asks. A text that matches nothing is the operator's. */
export async function askAtGateway(run: Run, subject: Subject): Promise<void> {
  const isUnmatched = run.random.below(UNMATCHED) === 0
  const { permission, key, from, code, isPrevious } = isUnmatched ? NOTHING : fromSomewhere(run, subject)
  const { status } = await someServer(run).call({
    path: `/gateway/check${permission === undefined ? '' : `?permission=${permission}`}`,
    key,
    from: '10.0.0.1',
    headers: { 'x-forwarded-for': from?.ip ?? '192.0.2.1' },
  })
  run.done += 1
  if ((status === 200) !== (code === 'VALID')) run.wrong.push(`${status} at a gateway, not ${code}`)
  if (isUnmatched) run.unmatchedAtGateways += 1
  else subject.record.add({ atMs: run.clock.nowMs(), code, address: from?.ip }, from?.network, isPrevious)
}

/** At a gateway there always is an address. */
function fromSomewhere({ clock }: Run, { draw }: Subject): Use {
  for (;;) {
    const use = draw(clock.nowMs())
    if (use.from !== undefined) return use
  }
}

type Question = {
  readonly by: Asker
  readonly at: JoinedServer
  readonly path: string
  readonly body: object
}

async function ask({ clock }: Run, { by, at, path, body }: Question): Promise<Parsed> {
  const answer = await at.call({ method: 'POST', path, key: by.key, body })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`)
  by.record.add({ atMs: clock.nowMs(), code: 'VALID', address: '127.0.0.1' }, '127.0.0.1')
  return answer.body
}

const bodyOf = ({ key, from, permission }: Use) => ({
  key,
  ...(from === undefined ? {} : { ip: from.ip }),
  ...(permission === undefined ? {} : { permissions: [permission] }),
})

function note(run: Run, record: KeyRecord, { code, from, isPrevious }: Use, answered: string): void {
  run.done += 1
  const atMs = run.clock.nowMs()
  if (answered !== code) run.wrong.push(`${new Date(atMs).toISOString()} ${answered}, not ${code}`)
  record.add({ atMs, code, address: from?.ip }, from?.network, isPrevious)
}
