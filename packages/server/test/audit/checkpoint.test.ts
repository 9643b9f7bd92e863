/** A store that was put back to an earlier state, which holds by itself, and what somebody kept elsewhere. */
import type { CompanyId } from '@latchkey/core/ids'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuditChain } from '../../src/audit/chain.ts'
import { readCheckpoints } from '../../src/audit/checkpoint.ts'
import { logCheckpoint } from '../../src/audit/checkpoint-log.ts'
import { createSightings } from '../../src/audit/sightings.ts'
import { takeCheckpoint } from '../../src/audit/take-checkpoint.ts'
import { type StoreReport, verifyStore } from '../../src/audit/verify-store.ts'
import type { Engine } from '../../src/storage/engine.ts'
import { createTestCompany, startTestServer, type TestCompany, type TestService } from '../harness.ts'
import { deleteCompany, rememberChain, rememberList, tamperWith } from './tampering.ts'

let server: TestService
let company: TestCompany

beforeEach(async () => {
  server = await startTestServer()
  company = await createTestCompany(server)
  await change(3)
})
afterEach(() => server.dispose())

async function change(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const path = `/keys/${company.users.viewer.keyId}`
    const body = { description: `${n} ${Math.random()}` }
    const answer = await server.call({ method: 'PATCH', path, body, key: company.users.owner.key })
    expect(answer.status).toBe(200)
  }
}

async function checkpoint(companyIds?: readonly CompanyId[]): Promise<readonly string[]> {
  const { engine, chain, clock } = server.services
  return (await engine.read((db) => takeCheckpoint(db, chain, clock.nowMs(), companyIds))).checkpoints
}

async function verify(lines: readonly string[] = [], services = server.services): Promise<StoreReport> {
  const seen = createSightings()
  for (const line of lines) for (const one of readCheckpoints(server.services.chain, line)) seen.add(one)
  return verifyStore(services, { seen })
}

/** What does not hold, by company; `list` for the list of companies. */
function faultsOf({ list, chains }: StoreReport): Record<string, string> {
  const faults: Record<string, string> = list.isIntact ? {} : { list: list.reason }
  for (const { companyId, report } of chains) if (!report.isIntact) faults[companyId] = report.reason
  return faults
}

const countOf = async (id: string): Promise<number> =>
  (await server.call({ path: '/audit?limit=1', headers: { 'x-company-id': id } })).body.total

describe('a checkpoint', () => {
  it('agrees with the store it was taken of, and with what became of it', async () => {
    const kept = await checkpoint()
    expect(faultsOf(await verify(kept))).toEqual({})
    await change(5)
    await createTestCompany(server)
    const both = [...kept, ...(await checkpoint())]
    expect(faultsOf(await verify(both))).toEqual({})
    expect(faultsOf(await verify([...both].reverse()))).toEqual({})
  })

  it('shows that a chain was put back, which holds by itself', async () => {
    const putBack = await rememberChain(server, company.id)
    await change(2)
    const count = await countOf(company.id)
    const kept = await checkpoint()
    await putBack()
    expect(faultsOf(await verify())).toEqual({})
    const reason = expect.stringMatching(`^it ends at ${count - 2}, and the checkpoint of .*Z saw ${count}$`)
    expect(faultsOf(await verify(kept))).toEqual({ [company.id]: reason })
  })

  it.each([
    ['as far as it was', 2],
    ['further than it was', 4],
  ])('shows that a chain was put back and went on %s', async (_how, times) => {
    const putBack = await rememberChain(server, company.id)
    await change(2)
    const kept = await checkpoint()
    await putBack()
    await change(times)
    const later = await checkpoint()
    expect(faultsOf(await verify(later))).toEqual({})
    const reason = expect.stringMatching(/^the checkpoint of .*Z saw something else there$/)
    for (const lines of [kept, [...kept, ...later], [...later, ...kept]]) {
      expect(faultsOf(await verify(lines))).toEqual({ [company.id]: reason })
    }
  })

  it('shows it when the walk lost its connection and was begun again', async () => {
    const putBack = await rememberChain(server, company.id)
    await change(2)
    const kept = await checkpoint()
    await putBack()
    await change(4)
    const { services } = server
    const engine: Engine = {
      ...services.engine,
      async inspect(work) {
        await services.engine.inspect(work)
        return services.engine.inspect(work)
      },
    }
    const report = await verify([...kept, ...(await checkpoint())], { ...services, engine })
    expect(Object.keys(faultsOf(report))).toEqual([company.id])
  })

  it('shows that a company was taken out of the store, with the list put back', async () => {
    const putBack = await rememberList(server)
    const later = await createTestCompany(server)
    const kept = await checkpoint()
    await deleteCompany(server, later.id)
    await putBack()
    expect(faultsOf(await verify())).toEqual({})
    expect(faultsOf(await verify(kept))).toEqual({
      list: expect.stringMatching(/^it ends at 2, and the checkpoint of .*Z saw 3$/),
      [later.id]: expect.stringMatching(/^the company is gone: it ends at 0, and the checkpoint of/),
    })
  })

  it('shows that the list of companies was put back and went on', async () => {
    const putBack = await rememberList(server)
    const later = await createTestCompany(server)
    const kept = await checkpoint([server.admin.companyId])
    await deleteCompany(server, later.id)
    await putBack()
    await createTestCompany(server)
    expect(faultsOf(await verify())).toEqual({})
    const reason = expect.stringMatching(/^the checkpoint of .*Z saw something else there$/)
    expect(faultsOf(await verify(kept))).toEqual({ list: reason })
  })

  it('leaves out a chain that does not hold, and says so', async () => {
    await tamperWith(server, `UPDATE companies SET audit_count = audit_count + 1 WHERE id = '${company.id}'`)
    const { engine, chain, clock } = server.services
    const taken = await engine.read((db) => takeCheckpoint(db, chain, clock.nowMs()))
    expect(taken.broken).toEqual([company.id])
    expect(taken.checkpoints.join()).not.toContain(company.id)
    await tamperWith(server, 'UPDATE deployment SET companies_count = companies_count + 1')
    expect((await engine.read((db) => takeCheckpoint(db, chain, clock.nowMs()))).isListBroken).toBe(true)
  })
})

describe('a line of a log', () => {
  it.each([
    ['as it is printed', (line: string) => line],
    [
      'of the service',
      (line: string) => JSON.stringify({ level: 30, event: 'audit_checkpoint', checkpoint: line }),
    ],
    [
      'behind a time and a name',
      (line: string) => `Nov 28 10:00:00 host latchkey[1]: {"checkpoint":"${line}","msg":"x"}`,
    ],
    [
      'inside a line of another log',
      (line: string) => JSON.stringify({ log: `${JSON.stringify({ checkpoint: line })}\n` }),
    ],
    ['twice in one', (line: string) => `${line} ${line}`],
  ])('holds it %s', async (how, wrap) => {
    const [line] = await checkpoint()
    const found = readCheckpoints(server.services.chain, wrap(line!))
    expect(found).toHaveLength(how.startsWith('twice') ? 2 : 1)
    expect(found[0]?.chains.map(({ companyId }) => companyId)).toContain(company.id)
  })

  it.each(['', 'request answered', '{"event":"audit_checkpoint"}', 'lkc2;x'])(
    'without one holds none: %j',
    (line) => {
      expect(readCheckpoints(server.services.chain, line)).toEqual([])
    },
  )

  it('that was changed, cut off, or made elsewhere is refused', async () => {
    const [line] = await checkpoint()
    const changed = [
      line!.slice(0, -1),
      line!.slice(0, 60),
      line!.replace(/[0-9a-f];cmp/, (end) => (end.startsWith('0') ? '1;cmp' : '0;cmp')),
      line!.replace(/:(\d+):/, (_, count) => `:${Number(count) + 1}:`),
      line!.replace(/;(\d+):/, (_, count) => `;${Number(count) + 1}:`),
      line!.replace(/,.*;/, ';'),
      line!.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
    ]
    for (const one of changed) expect(() => readCheckpoints(server.services.chain, one), one).toThrow()
    const another = createAuditChain(Buffer.alloc(32, 1))
    expect(() => readCheckpoints(another, line!)).toThrow('made by another deployment')
  })
})

describe('the log of a service', () => {
  const lines: string[] = []
  const broken: string[] = []
  const log = () => {
    lines.length = 0
    broken.length = 0
    const { engine, chain, clock } = server.services
    return logCheckpoint({
      engine,
      chain,
      clock,
      onCheckpoint: (line) => void lines.push(line),
      onBroken: (id) => void broken.push(id),
    })
  }
  const idsIn = (texts: readonly string[]) =>
    texts
      .flatMap((text) => readCheckpoints(server.services.chain, text))
      .flatMap(({ chains }) => chains.map(({ companyId }) => companyId))

  it('tells what was added to since, and nothing when nothing was', async () => {
    await log()
    expect(new Set(idsIn(lines))).toEqual(new Set([company.id, server.admin.companyId]))
    await log()
    expect(lines).toEqual([])
    await change(1)
    await log()
    expect(idsIn(lines)).toEqual([company.id])
    expect(faultsOf(await verify(lines))).toEqual({})
  })

  it('names a chain that somebody has changed', async () => {
    await log()
    await tamperWith(server, `UPDATE companies SET audit_count = audit_count + 1 WHERE id = '${company.id}'`)
    await server.call({
      method: 'DELETE',
      path: `/keys/${company.users.viewer.keyId}`,
      key: company.users.owner.key,
    })
    await log()
    expect([idsIn(lines), broken]).toEqual([[], [company.id]])
  })

  it('tells the next time what it could not tell', async () => {
    await log()
    await change(1)
    const { engine, chain, clock } = server.services
    const failing = { ...engine, read: () => Promise.reject(new Error('away')) }
    const nothing = () => {}
    await expect(
      logCheckpoint({ engine: failing, chain, clock, onCheckpoint: nothing, onBroken: nothing }),
    ).rejects.toThrow('away')
    await log()
    expect(idsIn(lines)).toEqual([company.id])
  })

  it('puts fifty chains in a line', async () => {
    for (let n = 0; n < 51; n++) {
      await server.call({ method: 'POST', path: '/companies', body: { name: `company ${n}` } })
    }
    await log()
    expect(lines.map((line) => idsIn([line]).length)).toEqual([50, 3])
    expect(lines.every((line) => line.length < 4_096)).toBe(true)
  })
})
