import { describe, expect, test } from 'vitest'
import { AppError, FAULTS_MAX, type Fault, inputError, noteFault } from './error.ts'

const wrong = (index: number): Fault => ({ pointer: `/${index}`, code: 'invalid_field', detail: 'is wrong.' })
const wrongs = (count: number): Fault[] => Array.from({ length: count }, (_, index) => wrong(index))

describe('an expected failure', () => {
  test('keeps code, detail and cause apart', () => {
    const cause = new Error('the disk is full')
    const error = new AppError('unavailable', 'Come back later.', { cause, retryAfterSeconds: 2 })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'AppError',
      message: 'Come back later.',
      code: 'unavailable',
      detail: 'Come back later.',
      faults: [],
      retryAfterSeconds: 2,
      cause,
    })
  })

  test('has no cause unless one is given', () => {
    expect(new AppError('unavailable', 'Come back later.')).not.toHaveProperty('cause')
  })
})

describe('an error for inputs', () => {
  test.each<[string, Partial<Fault>]>([
    ['/name: is wrong.', { pointer: '/name' }],
    ['limit: is wrong.', { parameter: 'limit' }],
    ['If-Match: is wrong.', { header: 'If-Match' }],
    ['is wrong.', { pointer: '' }],
    ['is wrong.', {}],
    ['/naem: is wrong. Did you mean name?', { pointer: '/naem', suggestion: 'name' }],
    ['is wrong. Did you mean name?', { suggestion: 'name' }],
  ])('says where it is: %s', (detail, place) => {
    const fault: Fault = { code: 'invalid_field', detail: 'is wrong.', ...place }
    expect(inputError([fault])).toMatchObject({ code: 'invalid_field', detail, faults: [fault] })
  })

  test.each<[string, number, boolean | undefined]>([
    ['', 1, undefined],
    [' (and 1 more; see errors)', 2, undefined],
    [` (and 19 more; see errors)`, FAULTS_MAX, undefined],
    [' (and more than 19 others; errors has the first 20)', FAULTS_MAX + 1, undefined],
    [' (and more than 1 others; errors has the first 2)', 2, true],
  ])('tells “%s” for %i faults', (more, count, hasMore) => {
    const error = inputError(wrongs(count), 'invalid_body', hasMore)
    expect(error.detail).toBe(`/0: is wrong.${more}`)
    expect(error.faults).toEqual(wrongs(Math.min(count, FAULTS_MAX)))
  })

  test('has the code of its faults when they agree, else the mixed one', () => {
    const missing: Fault = { pointer: '/x', code: 'missing_field', detail: 'is missing.' }
    expect(inputError([missing, missing]).code).toBe('missing_field')
    expect(inputError([wrong(0), missing]).code).toBe('invalid_body')
    expect(inputError([missing, wrong(0)], 'invalid_parameter').code).toBe('invalid_parameter')
  })

  test('is a mistake of the program without a fault', () => {
    expect(() => inputError([])).toThrow(new TypeError('an input error needs at least one fault'))
  })
})

test('the 20th fault is noted, the 21st is the last that is looked for', () => {
  const faults: Fault[] = []
  for (const fault of wrongs(FAULTS_MAX)) noteFault(faults, fault)
  expect(faults).toEqual(wrongs(20))
  expect(() => noteFault(faults, wrong(20))).toThrow(/more than 19 others/)
})
