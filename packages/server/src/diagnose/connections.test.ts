import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import type { PostgresState } from '../storage/postgres/inspection.ts'
import { diagnosePostgres } from './postgres.ts'

function found(workers: number | 'auto', connectionsMax = 100) {
  const state: PostgresState = {
    place: 'db.internal:5432/latchkey',
    version: '17.0',
    off: [],
    clocksApartMs: 0,
    connectionsMax,
    schema: { missing: [], newer: [] },
    mayMigrate: true,
    lacking: [],
    isAccepted: true,
    secretCheck: undefined,
    newestMs: undefined,
    servers: 1,
    usage: undefined,
    strange: [],
    keyBegins: [],
  }
  const findings = [...diagnosePostgres(state, { databaseConnections: 10, workers, keyPrefix: 'lk' })]
  return findings.find(({ check }) => check === 'connections')
}

it.each([
  [1, 'ok', 'each server takes up to 16 of the 100 that the database allows'],
  [2, 'ok', 'each server takes up to 32 of the 100 that the database allows, in 2 processes'],
  [4, 'warning', 'each server takes up to 64 of the 100 that the database allows, in 4 processes.'],
  [8, 'problem', 'each server takes up to 128 of the 100 that the database allows, in 8 processes.'],
])('connections are counted for all processes of a server: %i', (workers, level, detail) => {
  expect(found(workers)).toMatchObject({ level, detail })
})

it('counts a process for each core, when there is one for each', () => {
  expect(found('auto')).toEqual(found(availableParallelism()))
})
