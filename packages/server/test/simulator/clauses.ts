import { registerHooks } from 'node:module'

/** A clause of the protocol of verifiers, and how the code reads without it. */
type Clause = {
  readonly file: string
  readonly from: string
  readonly to: string
}

const CLIENT = 'packages/client/src/verifier'
const SERVER = 'packages/server/src/verification'
const SIMULATOR = 'packages/server/test/simulator'

/** What verifiers elsewhere rest on, by the names of docs/proofs/verifier.md. */
const CLAUSES: Readonly<Record<string, Clause>> = {
  'lease-from-the-question': {
    file: `${CLIENT}/follower.ts`,
    from: 'standing.take(sent, asked, told)',
    to: 'standing.take(momentOf(timing), asked, told)',
  },
  'age-of-the-proof': {
    file: `${CLIENT}/standing.ts`,
    from: 'told.heldMs - told.provenMsAgo + told.leaseMs',
    to: 'told.heldMs + told.leaseMs',
  },
  'newest-lease-counts': {
    file: `${CLIENT}/lease.ts`,
    from: 'held = forMs > 0 ? { sent, forMs } : undefined',
    to: 'held = { sent, forMs: Math.max(forMs, held?.forMs ?? 0) }',
  },
  'wall-clock': {
    file: `${CLIENT}/lease.ts`,
    from: 'isWithin(timing, held.sent, held.forMs)',
    to: 'timing.monotonicMs() - held.sent.monotonicMs <= held.forMs',
  },
  'monotonic-clock': {
    file: `${CLIENT}/lease.ts`,
    from: 'isWithin(timing, held.sent, held.forMs)',
    to: 'timing.wallMs() - held.sent.wallMs <= held.forMs',
  },
  'loads-under-way-are-dropped': {
    file: 'packages/core/src/verifier.ts',
    from: 'loads.drop()\n      cache.drop(...revoked)',
    // Of verifiers: servers have no other defence, and their own record.
    to: 'if (options.expect === undefined) loads.drop()\n      cache.drop(...revoked)',
  },
  'old-records-are-not-kept': {
    file: 'packages/core/src/verifier.ts',
    from: 'if (expect?.()(loaded) !== false) publish(handle, loaded)',
    to: 'publish(handle, loaded)',
  },
  'joins-of-old-records': {
    file: 'packages/core/src/verifier.ts',
    from: 'isExpected?.(loaded) === false ?',
    to: 'false ?',
  },
  'reset-empties': {
    file: `${CLIENT}/applied.ts`,
    from: 'isSameLife && !told.reset &&',
    to: 'isSameLife &&',
  },
  'another-epoch-empties': {
    file: `${CLIENT}/applied.ts`,
    from: 'const isSameLife = told.epoch === epoch',
    to: 'const isSameLife = epoch !== null || told.epoch === epoch',
  },
  'nothing-moves-back': {
    file: `${CLIENT}/applied.ts`,
    from: 'Math.max(through, told.through)',
    to: 'told.through',
  },
  'other-secrets-are-forgotten': {
    file: `${CLIENT}/records.ts`,
    from: 'rotated.clear()\n    },',
    to: '},',
  },
  'memory-before-goodbye': {
    file: `${CLIENT}/standing.ts`,
    from: `      lease.end()
      memory.clear()
      return`,
    to: '      return',
  },
  'barrier-waits-for-verifiers': {
    file: `${SERVER}/barrier.ts`,
    from: ' && isKnownToAll(server, revision, companyId)',
    to: '',
  },
  'verifiers-of-the-operator': {
    file: `${SERVER}/unknown.ts`,
    from: '[EVERYBODY, companyId]',
    to: '[companyId]',
  },
  'acknowledged-in-its-epoch': {
    file: `${SERVER}/verifiers.ts`,
    from: 'epoch === lease.epoch ? (after ?? -1) : -1',
    to: 'after ?? -1',
  },
  'a-server-that-stops-keeps-its-row': {
    file: `${SERVER}/poller.ts`,
    from: 'if (options.verifiers.count().leased > 0) return',
    to: '',
  },
  'leases-are-waited-for-to-the-end': {
    file: `${SERVER}/verifier-places.ts`,
    from: '<= lease.terms.leaseMs + lease.terms.marginMs',
    to: '<= lease.terms.leaseMs / 5',
  },
  'let-go-is-not-lent': {
    file: `${SERVER}/verifier-places.ts`,
    from: '    place.hasLeft = true\n',
    to: '',
  },
  'held-by-the-monotonic-clock': {
    file: `${SERVER}/verifiers.ts`,
    from: 'Math.min(now.monotonicMs - arrived.monotonicMs, now.wallMs - arrived.wallMs)',
    to: 'now.wallMs - arrived.wallMs',
  },
  'held-by-the-wall-clock': {
    file: `${SERVER}/verifiers.ts`,
    from: 'Math.min(now.monotonicMs - arrived.monotonicMs, now.wallMs - arrived.wallMs)',
    to: 'now.monotonicMs - arrived.monotonicMs',
  },
  'proven-by-the-monotonic-clock': {
    file: `${SERVER}/verifiers.ts`,
    from: 'Math.max(now.monotonicMs - sent.monotonicMs, now.wallMs - sent.wallMs)',
    to: 'now.wallMs - sent.wallMs',
  },
  'proven-by-the-wall-clock': {
    file: `${SERVER}/verifiers.ts`,
    from: 'Math.max(now.monotonicMs - sent.monotonicMs, now.wallMs - sent.wallMs)',
    to: 'now.monotonicMs - sent.monotonicMs',
  },
  'held-time-counts': {
    file: `${CLIENT}/standing.ts`,
    from: 'told.heldMs - told.provenMsAgo + told.leaseMs',
    to: 'told.leaseMs - told.provenMsAgo',
  },
  'names-are-random': {
    file: `${SIMULATOR}/verifiers/application.ts`,
    from: "[id, ++ids].join('-')",
    to: "[options.credentialId, ++ids].join('-')",
  },
  'names-of-servers-are-random': {
    file: `${SIMULATOR}/fleet.ts`,
    from: "[name, lives].join('.')",
    to: "[name, 1].join('.')",
  },
  'told-is-acknowledged': {
    file: `${SERVER}/verifiers.ts`,
    from: 'return isAcknowledged &&',
    to: 'return',
  },
  'every-server-hears': {
    file: `${CLIENT}/standing.ts`,
    from: 'applied.epoch === null || hearers.takeTry()',
    to: 'applied.epoch === null',
  },
  'companies-apart': {
    file: `${SERVER}/unknown.ts`,
    from: 'companyId === undefined ?',
    to: 'true ?',
  },
  'changes-that-are-not-seen': {
    file: `${SERVER}/change-feed.ts`,
    from: 'return sight === null ||',
    to: 'return true || sight === null ||',
  },
  'one-poll-at-a-time': {
    file: `${SERVER}/poller.ts`,
    from: 'running ??= Promise.resolve().then(run)',
    to: 'running ??= run()',
  },
  'row-before-head': {
    file: `${SERVER}/poller.ts`,
    from: `    const asked = followed.announce(row).then(() => followed.observe(applied))
    const seen = await within(timing, POLL_MS_MAX, asked)
    // Who accepts a restored store removes all rows: without one nobody waits for us, whatever was seen after it.
    if (!seen.servers.some(({ id, beat }) => id === row.id && beat === row.beat))
      throw new Error('the row of this server is gone')`,
    to: `    const asked = followed.observe(applied).then((seen) => followed.announce(row).then(() => seen))
    const seen = await within(timing, POLL_MS_MAX, asked)`,
  },
  // What only processes of one file rest on: run with --file.
  'workers-are-waited-for': {
    file: `${SERVER}/revocations.ts`,
    from: 'revocation.isFollowed === true ?',
    to: 'onDemand.count().leased > 0 ?',
  },
  'commands-wait': {
    file: `${SIMULATOR}/running-code.ts`,
    from: "kind === 'command' ? revocations.settle :",
    to: "kind === 'command' ? (moved) => revocations.settle({ ...moved, isFollowed: false }) :",
  },
  'a-crash-keeps-the-row': {
    file: `${SIMULATOR}/fleet.ts`,
    from: '      lives += 1',
    to: `      for (const id of world.store.contents.servers.keys())
        if (id.startsWith([name, lives].join('.') + '-')) world.store.forget(id)
      lives += 1`,
  },
  'a-start-keeps-the-rows': {
    file: `${SERVER}/revocations.ts`,
    from: 'start: async ({ isAlone }) => changes.claim(isAlone)',
    to: `start: async ({ isAlone }) => {
      changes.claim(isAlone)
      for (const { id, beat } of (await followed.survey()).servers)
        followed.forget(id, beat).catch(() => {})
    }`,
  },
  'follows-from-the-first-verifier': {
    file: `${SERVER}/on-demand.ts`,
    from: 'started: follower.start()',
    to: 'started: Promise.resolve()',
  },
  'wakes-for-a-change': {
    file: `${SERVER}/on-demand.ts`,
    from: 'current?.follower.wake()',
    to: 'undefined',
  },
  'names-of-followers-are-random': {
    file: `${SERVER}/on-demand.ts`,
    from: 'serverId: newId()',
    to: 'serverId: (options as { serverId?: string }).serverId!',
  },
  'only-dead-rows-are-removed': {
    file: `${SERVER}/barrier.ts`,
    from: 'of unmoved(first, seen)',
    to: 'of seen.servers',
  },
  'dead-by-what-was-seen': {
    file: `${SERVER}/barrier.ts`,
    from: 'onDead === undefined ? committedAtMs : first.atMs',
    to: 'committedAtMs',
  },
  'a-look-is-waited-for': {
    file: `${SERVER}/revocations.ts`,
    from: 'Promise.all([aWhile(), ...waits])',
    to: 'Promise.all(waits)',
  },
}

/** Has every module that is loaded from now on read as it would without some clauses. Throws when there is none like it. */
export function leaveOut(names: readonly string[]): void {
  const clauses = names.map((name) => {
    const clause = CLAUSES[name]
    if (clause !== undefined) return clause
    throw new Error(`--without ${name}: the clauses are ${Object.keys(CLAUSES).join(', ')}.`)
  })
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const left = clauses.filter(({ file }) => url.endsWith(file))
      if (left.length === 0) return loaded
      return { ...loaded, source: left.reduce(without, String(loaded.source)) }
    },
  })
}

function without(source: string, { file, from, to }: Clause): string {
  if (!source.includes(from)) throw new Error(`${file} does not say “${from}” any more.`)
  return source.replace(from, to)
}
