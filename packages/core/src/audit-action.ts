/** What an audit event can say happened. Closed: later releases may add some. */
export const AUDIT_ACTIONS = [
  'company.created',
  'company.updated',
  'user.created',
  'user.updated',
  'user.invited',
  'user.password_set',
  'user.password_ended',
  'user.deleted',
  'key.created',
  'key.updated',
  'key.deleted',
  'key.rotated',
  'key.rotation_changed',
  'key.rotation_cancelled',
  'keys.imported',
  'session.started',
  'session.ended',
  'user.sessions_ended',
  'console.link_created',
  'store.accepted',
  'store.companies_sealed',
  'store.companies_accepted',
  'audit.chain_broken',
  'audit.break_accepted',
  'audit.pruned',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** What vouched for it; `host`: a command run on the server itself, `service`: the service, asked by nobody. */
export const ACTOR_TYPES = ['key', 'session', 'user', 'host', 'service', 'none'] as const
export type ActorType = (typeof ACTOR_TYPES)[number]

export const OBJECT_TYPES = ['key', 'user', 'company', 'session'] as const
export type ObjectType = (typeof OBJECT_TYPES)[number]
