/** What stands in a file of Kong beside the keys, and bounds them: no key may do more here than it could there. */
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { ACME, csvOf, OTHER } from './expected-keys.ts'
import { readAll, refusals, rowsOf } from './reading.ts'

const ONLY = (...allow: string[]) => ({ name: 'ip-restriction', config: { allow, deny: null } })
const NOT = { name: 'ip-restriction', config: { allow: null, deny: ['192.0.2.1'] } }
const OFFICE = '192.0.2.0/24'
const jack = { username: 'jack', keyauth_credentials: [{ key: ACME }] }
const flat = {
  consumers: [{ id: 'c1', username: 'jack' }],
  keyauth_credentials: [{ key: ACME, consumer: 'c1' }],
}

/** Of the file in each of its two forms. */
async function read(file: object) {
  const json = await readAll('kong', JSON.stringify(file, null, 2), {}, 7)
  const yaml = await readAll(
    'kong',
    stringify({ _format_version: '3.0', ...file }, { aliasDuplicateObjects: false }),
  )
  const plain = (entries: typeof json) =>
    entries.map(({ line: _, ...rest }) => ({ ...rest, row: 'row' in rest && { ...rest.row, line: 0 } }))
  expect(plain(json)).toEqual(plain(yaml))
  return yaml
}

/** Of the one key of the file. */
async function only(file: object) {
  const entries = await read(file)
  expect(refusals(entries)).toEqual([])
  const [row, ...others] = rowsOf(entries)
  expect(others).toEqual([])
  return row!
}

describe('a consumer of Kong is restricted to addresses', () => {
  const group = { name: 'gold', plugins: [ONLY(OFFICE)] }
  const member = { ...jack, groups: [{ name: 'gold' }] }
  it.each([
    [
      'by a plugin that is written after it',
      { consumers: [jack], plugins: [{ ...ONLY(OFFICE), consumer: 'jack' }] },
    ],
    [
      'by a plugin that names its id',
      { ...flat, plugins: [{ ...ONLY(OFFICE), consumer: 'c1', service: null }] },
    ],
    [
      'by a plugin that names it where the key names its id',
      { ...flat, plugins: [{ ...ONLY(OFFICE), consumer: 'jack' }] },
    ],
    [
      'by a plugin in it where its keys are beside it',
      { ...flat, consumers: [{ id: 'c1', username: 'jack', plugins: [ONLY(OFFICE)] }] },
    ],
    ['by its group', { consumers: [member], consumer_groups: [group] }],
    [
      'by a plugin of its group',
      {
        consumers: [member],
        consumer_groups: [{ name: 'gold' }],
        plugins: [{ ...ONLY(OFFICE), consumer_group: 'gold' }],
      },
    ],
    [
      'by a group that names it',
      { consumers: [jack], consumer_groups: [{ ...group, consumers: [{ username: 'jack' }] }] },
    ],
    [
      'by a group, each in a list of its own',
      {
        ...flat,
        consumer_groups: [{ id: 'g1', name: 'gold' }],
        consumer_group_consumers: [{ consumer: 'c1', consumer_group: 'g1' }],
        plugins: [{ ...ONLY(OFFICE), consumer: null, consumer_group: 'g1' }],
      },
    ],
    [
      'by itself rather than its group',
      {
        consumers: [{ ...member, plugins: [ONLY(OFFICE)] }],
        consumer_groups: [{ name: 'gold', plugins: [ONLY('10.0.0.1')] }],
      },
    ],
    [
      'in the words of Kong before 2.1',
      { consumers: [{ ...jack, plugins: [{ name: 'ip-restriction', config: { whitelist: [OFFICE] } }] }] },
    ],
  ])('%s', async (_name, file) => {
    expect((await only(file)).whitelistedIPs).toEqual([OFFICE])
  })

  it.each([
    ['for one service only', { plugins: [{ ...ONLY(OFFICE), consumer: 'jack', service: 'orders' }] }],
    ['for one route only', { plugins: [{ ...ONLY(OFFICE), consumer: 'jack', route: { id: 'r1' } }] }],
    ['in a service', { services: [{ name: 'orders', plugins: [{ ...ONLY(OFFICE), consumer: 'jack' }] }] }],
    [
      'in a route of a service',
      { services: [{ name: 'orders', routes: [{ plugins: [{ ...ONLY(OFFICE), consumer: 'jack' }] }] }] },
    ],
    ['in a route', { routes: [{ plugins: [{ ...ONLY(OFFICE), consumer: 'jack' }] }] }],
    [
      'in itself, for a service',
      { consumers: [{ ...jack, plugins: [{ ...ONLY(OFFICE), service: 'orders' }] }] },
    ],
    ['by a list of those that are not allowed', { plugins: [{ ...NOT, consumer: 'jack' }] }],
    [
      'by such a list in the words of before',
      { plugins: [{ name: 'ip-restriction', consumer: 'jack', config: { blacklist: ['192.0.2.1'] } }] },
    ],
    ['by a group that is not in the file', { consumers: [{ ...jack, groups: [{ name: 'gold' }] }] }],
    [
      'by two groups',
      {
        consumers: [{ ...jack, groups: [{ name: 'a' }, { name: 'b' }] }],
        consumer_groups: [
          { name: 'a', plugins: [ONLY(OFFICE)] },
          { name: 'b', plugins: [ONLY('10.0.0.1')] },
        ],
      },
    ],
    [
      'by what is no list',
      { plugins: [{ name: 'ip-restriction', consumer: 'jack', config: { allow: OFFICE } }] },
    ],
  ])('%s: its keys are refused', async (_name, more) => {
    const entries = await read({ consumers: [jack], ...more })
    expect(refusals(entries)).toEqual([expect.stringMatching(/restrict|addresses|group/)])
    expect(rowsOf(entries)).toEqual([])
  })

  it.each([
    ['is turned off', { plugins: [{ ...NOT, consumer: 'jack', enabled: false }] }],
    ['is of another', { plugins: [{ ...NOT, consumer: 'jill' }] }],
    [
      'is of all, or of a service',
      { plugins: [NOT, { ...NOT, service: 'orders' }], services: [{ name: 'orders', plugins: [NOT] }] },
    ],
  ])('not by a plugin that %s', async (_name, more) => {
    expect((await only({ consumers: [jack], ...more })).whitelistedIPs).toBeUndefined()
  })
})

it('groups of acl are permissions where they are beside the keys, too', async () => {
  const acls = [
    { consumer: 'c1', group: 'gold' },
    { consumer: 'c1', group: 'red' },
    { consumer: 'c2', group: 'blue' },
  ]
  expect((await only({ ...flat, acls })).permissions).toEqual(['group:gold', 'group:red'])
  expect(
    (await only({ consumers: [jack], acls: [{ consumer: 'jack', group: 'gold' }] })).permissions,
  ).toEqual(['group:gold'])
})

describe('request-termination', () => {
  const END = { name: 'request-termination', config: { status_code: 403 } }
  it.each([
    ['a consumer', { consumers: [{ ...jack, plugins: [END] }] }],
    ['a consumer, from elsewhere', { consumers: [jack], plugins: [{ ...END, consumer: 'jack' }] }],
    [
      'its group',
      {
        consumers: [{ ...jack, groups: [{ name: 'gold' }] }],
        consumer_groups: [{ name: 'gold', plugins: [END] }],
      },
    ],
  ])('of %s disables its keys', async (_name, file) => {
    expect(await only(file)).toMatchObject({
      status: 'disabled',
      notes: expect.arrayContaining([expect.stringMatching(/request-termination/)]),
    })
  })
  it.each([{ service: 'orders' }, { config: { trigger: 'x-stop' } }])(
    'for some requests only (%j) refuses them',
    async (more) => {
      const entries = await read({ consumers: [jack], plugins: [{ ...END, consumer: 'jack', ...more }] })
      expect(refusals(entries)).toEqual([expect.stringMatching(/request-termination/)])
    },
  )
})

it('what else bounds a consumer from elsewhere is told', async () => {
  const { notes } = await only({
    consumers: [{ ...jack, groups: [{ name: 'gold' }] }],
    consumer_groups: [{ name: 'gold', plugins: [{ name: 'rate-limiting-advanced', config: {} }] }],
    plugins: [{ name: 'rate-limiting', consumer: 'jack', service: 'orders', config: { minute: 5 } }],
  })
  expect(notes).toContain('Left out of its consumer: rate-limiting.')
  expect(notes).toContain('Left out of its consumer group gold: rate-limiting-advanced.')
})

it.each([
  ['the table', csvOf(['key', 'consumer_id'], [ACME, 'c1'])],
  ['the Admin API', JSON.stringify({ data: [{ key: ACME, consumer: { id: 'c1' } }] })],
])('of %s it is told that groups and plugins are not in it', async (_name, file) => {
  const [row] = rowsOf(await readAll('kong', file))
  expect(row?.notes).toEqual([expect.stringMatching(/plugins of its consumer are not in such a file/)])
})

it('a credential beside consumers that names none is refused', async () => {
  const entries = await read({
    keyauth_credentials: [
      { key: ACME, consumer: 'c1' },
      { key: OTHER, tags: [] },
    ],
  })
  expect(refusals(entries)).toEqual([expect.stringMatching(/names no consumer/)])
})

it('a plugin that cannot be read may restrict anybody: the file is refused', async () => {
  const file = `consumers:\n- username: jack\n  keyauth_credentials: [{key: ${ACME}}]\nplugins:\n- name: *x\n`
  await expect(readAll('kong', file)).rejects.toThrow(/^Line 5: .*may restrict/)
})
