import { expect, test } from 'vitest'
import { withoutPersonalValues } from './personal-values.ts'

const CHANGES = {
  name: ['Ada', 'Ada Lovelace'],
  email: [null, 'ada@example.com'],
  externalId: ['ada', null],
  role: ['viewer', 'admin'],
} as const

test('an event of a user tells that a personal value was changed, and not what it was', () => {
  expect(withoutPersonalValues('user', CHANGES)).toEqual({
    name: ['[personal]', '[personal]'],
    email: [null, '[personal]'],
    externalId: ['[personal]', null],
    role: ['viewer', 'admin'],
  })
  expect(withoutPersonalValues('user', { name: [undefined, ''] })).toEqual({ name: [null, '[personal]'] })
})

test('an event of a key tells that its description or metadata was changed, and not what they were', () => {
  const changes = {
    description: ['for Ada', null],
    metadata: [{}, { plan: 'pro' }],
    enabled: [true, false],
  } as const
  expect(withoutPersonalValues('key', changes)).toEqual({
    description: ['[personal]', null],
    metadata: ['[personal]', '[personal]'],
    enabled: [true, false],
  })
})

test.each(['key', 'company', 'session'])('an event of a %s tells all as it is', (objectType) => {
  expect(withoutPersonalValues(objectType, CHANGES)).toEqual(CHANGES)
})
