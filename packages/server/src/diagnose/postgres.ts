import { availableParallelism } from 'node:os'
import type { Config } from '../config.ts'
import { nameRights } from '../storage/lacking-rights.ts'
import type { PostgresState } from '../storage/postgres/inspection.ts'
import { ACCEPT, NOT_ACCEPTED } from './database.ts'
import { type Finding, fine, problem, warning } from './finding.ts'
import { diagnoseKeyPrefix } from './key-prefix.ts'
import { diagnoseObjects } from './objects.ts'

const NEWER_RELEASE = 'Start the newer release, or restore a backup made before the upgrade.'
const MIGRATE_AS_OWNER =
  'Run latchkey migrate as the owner of the database, and then the GRANT and REVOKE of docs/operate/fleet.md.'
/** Leases are judged by time passed, not by the time it is; but audit events and expiry are read by people. */
const CLOCKS_APART_MS_MAX = 2_000
/** Besides those for lists and writes, each process keeps these: look-ups, follower, listener. */
const OWN_CONNECTIONS = 6

/** What the database server says of itself and of our tables in it. */
export function* diagnosePostgres(
  state: PostgresState,
  config: Pick<Config, 'databaseConnections' | 'workers' | 'keyPrefix'>,
): Generator<Finding> {
  yield fine('database', `${state.place}, PostgreSQL ${state.version}, a primary, ${durabilityOf(state)}`)
  yield schemaFinding(state)
  if (state.lacking.length > 0) yield rightsFinding(state)
  if (state.isAccepted !== undefined) yield diagnoseObjects(state.strange)
  if (state.isAccepted === false) {
    yield problem('restore', NOT_ACCEPTED, ACCEPT)
  } else if (state.isAccepted === true) {
    yield fine('servers', `${state.servers} running on this store`)
  }
  const prefix = diagnoseKeyPrefix(state.keyBegins, config.keyPrefix)
  if (prefix !== undefined) yield prefix
  yield connectionsFinding(state, config)
  yield state.clocksApartMs > CLOCKS_APART_MS_MAX
    ? warning(
        'clocks',
        `The clock of the database is ${state.clocksApartMs} ms away.`,
        'Keep both set, with chrony.',
      )
    : fine('clocks', 'those of this machine and of the database agree')
}

function durabilityOf({ off }: PostgresState): string {
  if (off.length === 0) return 'durable'
  return `durable by the word of its provider: ${off.join(' and ')} off, accepted by LATCHKEY_DATABASE_ACCEPT_OFF`
}

function schemaFinding({ schema: { newer, missing }, mayMigrate }: PostgresState): Finding {
  if (newer.length > 0) {
    return problem('schema', `A newer release wrote the store (${newer.join(', ')}).`, NEWER_RELEASE)
  }
  if (missing.length > 0 && !mayMigrate) {
    const detail = `${missing.join(', ')} not applied yet, and the user in DATABASE_URL may not do it.`
    return problem('schema', detail, MIGRATE_AS_OWNER)
  }
  if (missing.length > 0) {
    return fine('schema', `${missing.join(', ')} not applied yet; the next start does it`)
  }
  return fine('schema', 'that of this release')
}

const rightsFinding = ({ lacking }: PostgresState): Finding =>
  problem(
    'rights',
    `The user in DATABASE_URL lacks rights that the service needs: ${nameRights(lacking)}.`,
    'As the owner of the tables, run the GRANT and REVOKE of docs/operate/fleet.md.',
  )

function connectionsFinding(
  { connectionsMax }: PostgresState,
  { databaseConnections, workers }: Pick<Config, 'databaseConnections' | 'workers'>,
): Finding {
  const check = 'connections'
  const processes = workers === 'auto' ? availableParallelism() : workers
  const needed = (databaseConnections + OWN_CONNECTIONS) * processes
  const among = processes === 1 ? '' : `, in ${processes} processes`
  const detail = `each server takes up to ${needed} of the ${connectionsMax} that the database allows${among}`
  const remedy = `Raise max_connections, or lower LATCHKEY_DATABASE_CONNECTIONS${processes === 1 ? '' : ' or LATCHKEY_WORKERS'}`
  if (needed > connectionsMax) return problem(check, `${detail}.`, `${remedy}.`)
  if (needed * 2 <= connectionsMax) return fine(check, detail)
  return warning(check, `${detail}.`, `${remedy}, before a second server starts.`)
}
