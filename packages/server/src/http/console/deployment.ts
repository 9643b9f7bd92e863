import type { ConsoleDeployment } from '@latchkey/contract/schemas/console'
import { formatAddress } from '@latchkey/core/address'
import { isPermitted } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { sessionIdOf } from '../../auth/session.ts'
import { diagnoseRunning } from '../../diagnose/running.ts'
import type { Services } from '../../services.ts'
import { findUser } from '../../storage/tables/users.ts'
import { type AuthenticateDeps, authenticate } from '../admission/authenticate.ts'
import { type Answer, jsonAnswer } from '../wire/answer.ts'
import { consoleOriginOf } from '../wire/console-cookie.ts'
import type { Incoming } from '../wire/incoming.ts'
import { headerValues } from '../wire/raw-headers.ts'

type Deps = AuthenticateDeps & Pick<Services, 'engine' | 'config' | 'secretSource'>

/** Only the operator's company has it: settings are those of the whole deployment. */
const PERMISSION = 'companies:read'

/** A chain of proxies is some tens of characters; a client may send what it likes. */
const FORWARDED_LENGTH_MAX = 500

/** Who the requester is, how its own requests arrive, and for the operator what the deployment is. */
export async function describeDeployment(deps: Deps, request: Incoming): Promise<Answer> {
  const asked = { visibleTo: null, permissions: [], exempt: null, asker: null }
  const cookieAt = () => consoleOriginOf(deps.config, request)
  const principal = await authenticate(deps, request.raw, request.address, asked, { cookieAt })
  request.principal = principal
  const isOperator = isPermitted(principal.authority, PERMISSION)
  const body: ConsoleDeployment = {
    you: await describeUser(deps, principal),
    path: pathOf(request),
    operated: isOperator ? await describeOperated(deps) : null,
  }
  return jsonAnswer(200, JSON.stringify(body))
}

/** For whoever has signed in. A key, which others may have, does not tell them whose it is. */
async function describeUser({ engine }: Deps, principal: Principal): Promise<ConsoleDeployment['you']> {
  const { userId, homeCompanyId } = principal
  if (sessionIdOf(principal) === undefined || userId === null || homeCompanyId === null) return null
  const user = await engine.read((db) => findUser(db, homeCompanyId, userId), { party: homeCompanyId })
  return user === undefined ? null : { name: user.name, email: user.email }
}

function pathOf({ raw, address, isFromTrustedProxy }: Incoming): ConsoleDeployment['path'] {
  const forwarded = headerValues(raw, 'x-forwarded-for').join(', ')
  return {
    connectedFrom: raw.socket.remoteAddress ?? null,
    forwardedFor: forwarded === '' ? null : forwarded.slice(0, FORWARDED_LENGTH_MAX),
    isBelieved: isFromTrustedProxy,
    address: address === undefined ? null : formatAddress(address),
  }
}

async function describeOperated({
  engine,
  config,
  secretSource,
}: Deps): Promise<ConsoleDeployment['operated']> {
  return {
    store: engine.store,
    publicUrl: config.publicUrl,
    findings: diagnoseRunning(config, secretSource),
    servers: await findServers(engine),
  }
}

async function findServers({ changes }: Deps['engine']) {
  if (changes.kind === 'asked') return null
  const { revision, servers } = await changes.survey()
  return servers.map(({ id, applied }) => ({ id, behind: Math.max(0, revision - Math.max(0, applied)) }))
}
