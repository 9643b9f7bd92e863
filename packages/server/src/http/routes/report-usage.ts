import { type Address, parseAddress } from '@latchkey/core/address'
import { type Fault, inputError, noteFault } from '@latchkey/core/error'
import { sightOf } from '@latchkey/core/principal'
import { findVouching } from '../../changes/held-rows.ts'
import { judgeAgain } from '../../changes/judge-again.ts'
import type { Db } from '../../storage/tables/schema.ts'
import { addReportedUses, type ReportedUse } from '../../verification/usage/reported-uses.ts'
import type { Context, Handler } from '../schema/context.ts'
import { momentOf } from '../schema/moment.ts'

type Uses = Context<'reportUsage'>['body']['uses']

export const reportUsage: Handler<'reportUsage'> = async (deps, { principal, requester, body }) => {
  const uses = readUses(body.uses)
  const report = {
    // Another sender's report of the same name is another one.
    id: `${principal.id} ${body.reportId}`,
    sentAtMs: momentOf(body.now),
    uses,
    visibleTo: sightOf(principal),
    party: principal.companyId,
    async assertStillSent(db: Db) {
      judgeAgain(requester, await findVouching(db, requester.principal), deps.clock.nowMs())
    },
  }
  return { body: await addReportedUses(deps, report) }
}

/** Throws AppError `invalid_ip` for what is no address. */
function readUses(uses: Uses): ReportedUse[] {
  const faults: Fault[] = []
  const read = uses.map(({ keyId, secretOrdinal, code, count, lastAt, lastAddress }, index) => ({
    keyId,
    secretOrdinal,
    code,
    count,
    lastAtMs: momentOf(lastAt),
    address: addressOf(lastAddress, index, faults),
  }))
  if (faults.length > 0) throw inputError(faults)
  return read
}

function addressOf(text: string | null, index: number, faults: Fault[]): Address | undefined {
  if (text === null) return undefined
  const address = parseAddress(text)
  if (address === undefined) {
    noteFault(faults, {
      pointer: `/uses/${index}/lastAddress`,
      code: 'invalid_ip',
      detail: 'must be one IPv4 or IPv6 address, without a block or port.',
    })
  }
  return address
}
