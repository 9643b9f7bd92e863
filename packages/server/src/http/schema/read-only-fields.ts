import { operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import type { TSchema } from 'typebox'

const table: readonly Operation[] = Object.values(operations)

/** The fields that an operation answers with and does not take, each with what a caller who sends it is told. */
export function readOnlyFields(operation: Operation): ReadonlyMap<string, string> {
  const { success, body } = operation
  const names = namesOf(success.schema).filter((name) => !namesOf(body).includes(name))
  return new Map(names.map((name) => [name, explain(operation, name)]))
}

function explain(operation: Operation, name: string): string {
  const taker = namesOf(operation.success.schema).includes('id')
    ? table.find((other) => areaOf(other) === areaOf(operation) && namesOf(other.body).includes(name))
    : undefined
  return taker === undefined
    ? 'is set by the service: leave it out.'
    : `is taken by ${taker.method} ${taker.path} only: leave it out here.`
}

const namesOf = (schema: TSchema | undefined): readonly string[] =>
  Object.keys((schema as { readonly properties?: object } | undefined)?.properties ?? {})

/** What an operation is about: the keys, the users, the companies. */
const areaOf = ({ path }: Operation): string => path.split('/', 2).join('/')
