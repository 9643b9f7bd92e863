import {
  ACTOR_TYPES,
  type ActorType,
  AUDIT_ACTIONS,
  type AuditAction,
  OBJECT_TYPES,
  type ObjectType,
} from '@latchkey/core/audit-action'
import { type Static, Type } from 'typebox'
import { listOf, NullableString, pageQuery, Timestamp } from './shared.ts'

export const AuditEvent = Type.Object({
  id: Type.String(),
  companyId: Type.String(),
  sequence: Type.Integer({ description: 'Place in the company’s chain, from 1, without a gap.' }),
  at: Timestamp('When it happened.'),
  action: Type.Unsafe<AuditAction>({
    type: 'string',
    enum: [...AUDIT_ACTIONS],
    description: 'What happened. Later releases may add some.',
  }),
  actor: Type.Object({
    type: Type.Unsafe<ActorType>({
      type: 'string',
      enum: [...ACTOR_TYPES],
      description:
        'What vouched for the change; host: a command run on the server itself; service: the service, which nobody asked.',
    }),
    id: NullableString({}),
    userId: NullableString({ description: 'The user the actor’s credential stands for.' }),
  }),
  object: Type.Object({
    type: Type.Unsafe<ObjectType>({ type: 'string', enum: [...OBJECT_TYPES] }),
    id: Type.String(),
  }),
  address: NullableString({ description: 'Where the request came from.' }),
  requestId: NullableString({}),
  changes: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    description:
      'What changed, by field: [before, after]. Never a secret; "[personal]" stands for a value a person can be known by.',
  }),
  hash: Type.String({
    description: 'Keyed hash over the previous event’s hash and this event, in hexadecimal.',
  }),
})

export const AuditEventList = Type.Object({
  ...listOf(AuditEvent, 'events'),
  totalIsMinimum: Type.Optional(
    Type.Boolean({ description: 'true when more events match than were counted (10,000).' }),
  ),
})

const Id = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 100, description }))

export const ListAuditQuery = Type.Object(
  {
    ...pageQuery,
    actorId: Id('Keep only what this key or session did, or this user with whatever key or session.'),
    action: Id('Keep only this action, for example key.deleted.'),
    objectId: Id('Keep only what was done to this key, user, company or session.'),
    since: Type.Optional(Timestamp('Keep only what happened at or after this moment.')),
    until: Type.Optional(Timestamp('Keep only what happened before this moment.')),
  },
  { additionalProperties: false },
)

export type AuditEvent = Static<typeof AuditEvent>
export type ListAuditQuery = Static<typeof ListAuditQuery>
