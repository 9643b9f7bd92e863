import { Problem } from '@latchkey/contract/schemas/problem'
import type { ErrorCode } from '@latchkey/core/error'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { expect } from 'vitest'
import { PROBLEMS } from '../src/http/present/problems.ts'
import type { Parsed, TestAnswer } from './harness.ts'

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
ajvFormats.default(ajv, ['date', 'date-time', 'email', 'uri-reference'])

/** A timestamp on the wire: UTC, milliseconds, `Z`. */
const TIMESTAMP = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$'
const REQUEST_ID = /^req_[0-7][0-9a-hjkmnp-tv-z]{25}$/

const validators = new Map<unknown, ValidateFunction>()

/** Holds a body against a schema of the contract, to the letter: no property beyond it, every time in UTC. */
export function expectSchema(schema: object, body: unknown): void {
  const validate = validators.get(schema) ?? ajv.compile(strictly(schema))
  validators.set(schema, validate)
  validate(body)
  expect(validate.errors ?? []).toEqual([])
}

/** The same schema, closed wherever it names properties. */
function strictly(value: object): object
function strictly(value: unknown): unknown
function strictly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strictly)
  if (typeof value !== 'object' || value === null) return value
  const inner = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, strictly(part)]))
  if (inner.type === 'object' && inner.properties !== undefined && inner.additionalProperties === undefined) {
    inner.additionalProperties = false
  }
  return inner.format === 'date-time' ? { ...inner, pattern: TIMESTAMP } : inner
}

/** What is true of every answer of the API, whatever was asked. */
export function expectEveryAnswer(answer: TestAnswer): void {
  expect(answer.headers['x-request-id']).toMatch(REQUEST_ID)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.text).not.toMatch(/[\w/]+\.ts:\d+|node_modules|SQLITE_/)
}

type ProblemShape = {
  readonly code: ErrorCode
  /** Where it differs from the status of the code. */
  readonly status?: number
  /** Of the first entry of `errors`. */
  readonly pointer?: string
  readonly parameter?: string
  readonly header?: string
  readonly suggestion?: string
}

/** A problem document, whole and consistent, with this code; answers its body. */
export function expectProblem(answer: TestAnswer, shape: ErrorCode | ProblemShape): Parsed {
  const { code, status, ...fault }: ProblemShape = typeof shape === 'string' ? { code: shape } : shape
  const kind = PROBLEMS[code]
  expect({ status: answer.status, code: answer.body?.code, detail: answer.body?.detail }).toEqual({
    status: status ?? kind.status,
    code,
    detail: expect.stringMatching(/\S/),
  })
  expectEveryAnswer(answer)
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expectSchema(Problem, answer.body)
  expect(answer.body).toMatchObject({
    type: `/errors/${code}`,
    title: kind.title,
    status: answer.status,
    message: answer.body.detail,
    requestId: answer.headers['x-request-id'],
  })
  if (Object.keys(fault).length > 0) expect(answer.body.errors?.[0]).toMatchObject(fault)
  return answer.body
}

/** Everything of an answer that must not tell two callers apart. */
export function comparable(answer: TestAnswer): unknown {
  const { date: _date, 'x-request-id': requestId, ...headers } = answer.headers
  return { status: answer.status, headers, text: answer.text.replaceAll(String(requestId), '<request id>') }
}
