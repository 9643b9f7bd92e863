import { parseDate } from '@latchkey/core/calendar'
import { type ErrorCode, FAULTS_MAX, type Fault, inputError } from '@latchkey/core/error'
import { pointerTo } from '@latchkey/core/json-pointer'
import { nearest } from '@latchkey/core/nearest'
import { parseTime } from '@latchkey/core/time'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import type { TSchema } from 'typebox'
import { firstValues } from '../wire/first-values.ts'
import { createNullDropper } from './absent-nulls.ts'
import { createListCutter } from './list-pieces.ts'
import { explain } from './schema-error.ts'

// Nothing is coerced or filled in, and nothing removed but a null that is as good as absent: what was sent is judged.
const createAjv = (allErrors: boolean) => {
  const ajv = new Ajv2020({
    allErrors,
    verbose: true,
    removeAdditional: false,
    coerceTypes: false,
    useDefaults: false,
    strict: true,
    // The contract's tests hold each schema against that of schemas: to do it again costs a start 40 ms.
    validateSchema: false,
    allowUnionTypes: true,
  })
  ajvFormats.default(ajv, ['email'])
  ajv.addFormat('date-time', (text: string) => parseTime(text) !== undefined)
  ajv.addFormat('date', (text: string) => parseDate(text) !== undefined)
  return ajv
}
/** Compiles a schema when it is first used: a start would pay for all operations, and few are ever used. */
const ajv = createAjv(true)
/** Stops at the first fault. Made and used for bodies of very many values only. */
let hasty: Ajv2020 | undefined

/** Values of a body that are looked at for all their faults: each may have some, and each fault costs. */
const VALUES_MAX = 2_000

type ObjectSchema = TSchema & { readonly properties?: Readonly<Record<string, TSchema>> }

/** Checks a body against a schema, without its nulls that are as good as absent. Throws one AppError with every fault. */
export type BodyValidator = {
  validate(body: unknown): void
  /** The same of a body that may be long. */
  validateInSteps(body: unknown): Generator<void, void>
}

/** `readOnly`: the fields that the body may not have, each with what whoever sends it is told. */
export function createBodyValidator(schema: TSchema, readOnly: ReadonlyMap<string, string>): BodyValidator {
  let compiled: ValidateFunction | undefined
  let validateHastily: ValidateFunction | undefined
  const dropNulls = createNullDropper(schema)
  const cut = createListCutter(schema)
  const compiledNow = (): ValidateFunction => {
    compiled ??= ajv.compile(schema)
    return compiled
  }
  const hastilyNow = (): ValidateFunction => {
    hasty ??= createAjv(false)
    validateHastily ??= hasty.compile(schema)
    return validateHastily
  }
  const isSound = (piece: unknown): boolean =>
    firstValues(piece, VALUES_MAX) === piece ? compiledNow()(piece) : hastilyNow()(piece)
  const findFaults = (body: unknown): readonly ErrorObject[] => {
    const validate = compiledNow()
    const begin = firstValues(body, VALUES_MAX)
    if (begin === body) return validate(body) ? [] : faultsOf(validate)
    const hastily = hastilyNow()
    if (hastily(body)) return []
    // The one that was found may stand further on.
    return validate(begin) ? faultsOf(hastily) : faultsOf(validate)
  }
  const assertSound = (body: unknown): void => {
    const faults = findFaults(body)
    if (faults.length > 0) throw inputError(faults.map((error) => bodyFault(error, readOnly)))
  }
  return {
    validate(body) {
      dropNulls?.(body)
      assertSound(body)
    },
    *validateInSteps(body) {
      dropNulls?.(body)
      for (const piece of cut(body) ?? [body]) {
        // Where a fault stands is told of the whole.
        if (!isSound(piece)) return assertSound(body)
        yield
      }
    },
  }
}

function bodyFault(error: ErrorObject, readOnly: ReadonlyMap<string, string>): Fault {
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params.additionalProperty)
    const pointer = pointerTo(error.instancePath, name)
    const whyNot = error.instancePath === '' ? readOnly.get(name) : undefined
    if (whyNot !== undefined) return { pointer, code: 'read_only_field', detail: whyNot }
    const suggestion = nearest(name, Object.keys((error.parentSchema as ObjectSchema).properties ?? {}))
    const detail = 'is not a field of this operation.'
    return { pointer, code: 'unknown_field', detail, ...(suggestion === undefined ? {} : { suggestion }) }
  }
  if (error.keyword === 'required') {
    const pointer = pointerTo(error.instancePath, String(error.params.missingProperty))
    return { pointer, code: 'missing_field', detail: 'is required.' }
  }
  return { pointer: error.instancePath, code: bodyCode(error), detail: explain(error) }
}

function bodyCode(error: ErrorObject): ErrorCode {
  if (/^\/whitelistedIPs(\/|$)/.test(error.instancePath)) return 'invalid_ip'
  return error.instancePath === '' ? 'invalid_body' : 'invalid_field'
}

/** Checks parsed query parameters; `faults` found while parsing come first. Throws one AppError with all. */
export type QueryValidator = (query: Readonly<Record<string, unknown>>, faults: readonly Fault[]) => void

export function createQueryValidator(schema: TSchema): QueryValidator {
  let validate: ValidateFunction | undefined
  return (query, parsing) => {
    validate ??= ajv.compile(schema)
    const faults = [...parsing]
    if (!validate(query)) faults.push(...faultsOf(validate).map(queryFault))
    if (faults.length > 0) throw inputError(faults, 'invalid_parameter')
  }
}

function queryFault(error: ErrorObject): Fault {
  if (error.keyword === 'additionalProperties') {
    const parameter = String(error.params.additionalProperty)
    const suggestion = nearest(parameter, Object.keys((error.parentSchema as ObjectSchema).properties ?? {}))
    const detail =
      parameter === ''
        ? 'A parameter has no name: write name=value.'
        : 'is not a parameter of this operation.'
    return {
      parameter,
      code: 'unknown_parameter',
      detail,
      ...(suggestion === undefined ? {} : { suggestion }),
    }
  }
  return { parameter: error.instancePath.slice(1), code: 'invalid_parameter', detail: explain(error) }
}

function faultsOf(validate: ValidateFunction): ErrorObject[] {
  // A bad property name is reported by what is wrong with it; the wrapping error says nothing more.
  const faults = (validate.errors ?? []).filter((error) => error.keyword !== 'propertyNames')
  // One more than is told, so that it is told that there are more.
  return faults.slice(0, FAULTS_MAX + 1)
}
