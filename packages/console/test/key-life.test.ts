import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConsoleInBrowser, isFocused, openConsole } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'

const DAY_MS = 86_400_000
let opened: ConsoleInBrowser

describe.skipIf(!isBrowserThere)('what people do with a key', () => {
  beforeAll(async () => {
    opened = await openConsole()
  })
  afterAll(() => opened?.stop())

  const row = (description: string) => opened.page.getByRole('row').filter({ hasText: description })
  const said = (text: string | RegExp) =>
    opened.page.getByText(text).filter({ visible: true }).first().waitFor()

  /** Counts come some seconds after the use. */
  const untilCounted = (id: string, uses: number) =>
    expect
      .poll(async () => usesOf(await opened.service.call('GET', `/keys/${id}/usage`)), { timeout: 30_000 })
      .toBe(uses)

  test('a change by somebody else is shown with their name, and not undone by saving', async () => {
    const { service, page, dialog, button, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Billing', whitelistedIPs: ['192.0.2.7'] })
    const grace = await service.call('POST', '/users', { name: 'Grace Hopper', role: 'owner' })
    const theirs = await service.call('POST', '/keys', { userId: grace.id })
    await go(`/keys/${id}`)
    await button('Edit').click()
    await dialog().getByRole('textbox', { name: 'Allowed addresses' }).fill('198.51.100.0/24,')
    const changed = await fetch(`${service.url}/keys/${id}`, {
      method: 'PATCH',
      headers: { 'x-api-key': theirs.key, 'content-type': 'application/json' },
      body: JSON.stringify({ description: 'Billing, production' }),
    })
    expect(changed.status).toBe(200)
    await button('Save').click()
    await said(/^Grace Hopper changed this key/)
    await said('Description: was Billing, now Billing, production')
    expect(await button('Save').isDisabled()).toBe(true)
    await button('Go on with my changes').click()
    expect(await dialog().getByLabel('Description').inputValue()).toBe('Billing, production')
    await page.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    const { description, whitelistedIPs } = await service.call('GET', `/keys/${id}`)
    expect([description, whitelistedIPs]).toEqual(['Billing, production', ['192.0.2.7', '198.51.100.0/24']])
  })

  test('whom a list would lock out is said before it is saved, and has to be meant', async () => {
    const { service, dialog, button, go, makeKey, verify } = opened
    const { id, key } = await makeKey({ description: 'Warehouse' })
    for (const ip of ['198.51.100.7', '203.0.113.9', '10.0.0.1']) await verify(key, ip)
    await untilCounted(id, 3)
    await go(`/keys/${id}`)
    await button('Edit').click()
    await dialog().getByRole('textbox', { name: 'Allowed addresses' }).fill('10.0.0.0/8')
    await button('Save').click()
    await said('This list locks out 2 of the 3 networks')
    for (const text of ['198.51.100.7', '203.0.113.9']) await dialog().getByText(text).waitFor()
    await said('Your own address, 127.0.0.1, is not in the list')
    expect((await service.call('GET', `/keys/${id}`)).whitelistedIPs).toBe(null)
    await dialog().getByLabel('Lock them out').check()
    // Another list is another question.
    await dialog().getByRole('textbox', { name: 'Allowed addresses' }).fill('203.0.113.0/24,')
    await said('This list locks out 1 of the 3 networks')
    expect(await dialog().getByLabel('Lock them out').isChecked()).toBe(false)
    await dialog().getByLabel('Lock them out').check()
    await button('Save').click()
    await dialog().waitFor({ state: 'detached' })
    expect(await verify(key, '198.51.100.7')).toBe('IP_NOT_ALLOWED')
    expect(await verify(key, '203.0.113.9')).toBe('VALID')
  })

  test('an old secret is ended from the page once it is no longer used', async () => {
    const { page, dialog, button, go, makeKey, verify } = opened
    const { id, key: old } = await makeKey({ description: 'Mobile app' })
    await go(`/keys/${id}`)
    await button('Rotate').click()
    await dialog().getByRole('button', { name: 'Rotate' }).click()
    const secret = (await page.locator('#revealed-text').textContent()) ?? ''
    expect(secret).toMatch(/^lk_live_/)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await said('The new secret was not used yet.')
    expect(await verify(old, '192.0.2.1')).toBe('VALID')
    await said(/The old secret was last used .* from 192\.0\.2\.1/)
    expect(await verify(secret, '192.0.2.1')).toBe('VALID')
    await said('The new secret is in use.')
    // What is refused is said where it was asked.
    await page.route('**/rotation', (route) => route.fulfill(refusal))
    await button('Give it a day more').click()
    await said('Not today.')
    await page.unroute('**/rotation')
    await button('End the old secret now').click()
    await button('End the old secret').click()
    await said('The old secret is dead on all servers.')
    expect([await verify(old, '192.0.2.1'), await verify(secret, '192.0.2.1')]).toEqual(['INACTIVE', 'VALID'])
  })

  test('an old secret is ended by the clock of the service, and called dead only when it is', async () => {
    const { browser, context, service, makeKey, verify } = opened
    const { id, key: old } = await makeKey({ description: 'Ended ahead of time' })
    const open = await service.call('POST', `/keys/${id}/rotation`, {})
    const apart = await browser.newContext({ storageState: await context.storageState() })
    const page = await apart.newPage()
    await page.clock.setSystemTime(Date.now() + DAY_MS / 24)
    await page.goto(`${service.url}/console/keys/${id}`)
    const end = async () => {
      await page.getByRole('button', { name: 'End the old secret now' }).click()
      await page.getByRole('button', { name: 'End the old secret', exact: true }).click()
    }
    await page.route('**/rotation', (route) => route.fulfill({ json: open }))
    await end()
    await page.getByText('The old secret is not dead yet').waitFor()
    await page.unroute('**/rotation')
    await end()
    await page.getByText('The old secret is dead on all servers.').waitFor()
    expect(await verify(old, '192.0.2.1')).toBe('INACTIVE')
    await apart.close()
  })

  test('how long an old secret still works is as it was chosen, also when somebody else rotates the key', async () => {
    const { service, page, dialog, button, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Rotated by two' })
    await go(`/keys/${id}`)
    await button('Rotate').click()
    const overlap = dialog().getByLabel('How long the old secret still works')
    expect(await overlap.inputValue()).toBe(String(DAY_MS / 1_000))
    await service.call('POST', `/keys/${id}/rotation`, {})
    await said('The new secret was not used yet.')
    expect(await overlap.inputValue()).toBe(String(DAY_MS / 1_000))
    await dialog().getByRole('button', { name: 'Rotate' }).click()
    await dialog().getByRole('alert').waitFor()
    await overlap.selectOption('Not at all: it leaked')
    await dialog().getByRole('button', { name: 'Rotate' }).click()
    await page.locator('#revealed-text').waitFor()
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
  })

  test('by keyboard alone a key is rotated, and its old secret ended', async () => {
    const { page, dialog, button, go, reach, makeKey, verify } = opened
    const { id, key: old } = await makeKey({ description: 'Rotated by keyboard' })
    await go(`/keys/${id}`)
    await reach(button('Rotate'))
    await page.keyboard.press('Enter')
    await expect.poll(() => dialog().getByRole('button', { name: 'Cancel' }).evaluate(isFocused)).toBe(true)
    const overlap = dialog().getByLabel('How long the old secret still works')
    await reach(overlap)
    await page.keyboard.press('ArrowDown')
    expect(await overlap.inputValue()).toBe(String((7 * DAY_MS) / 1_000))
    await reach(dialog().getByRole('button', { name: 'Rotate' }))
    await page.keyboard.press('Enter')
    const secret = (await page.locator('#revealed-text').textContent()) ?? ''
    await expect.poll(() => page.evaluate(placeOfFocus)).toBe('dialog')
    await page.keyboard.press('Escape')
    await said(/^Store the key first/)
    await reach(page.getByLabel('I have stored it'))
    await page.keyboard.press('Space')
    await reach(button('Done'))
    await page.keyboard.press('Enter')
    await expect.poll(() => button('Rotate').evaluate(isFocused)).toBe(true)
    await reach(button('End the old secret now'))
    await page.keyboard.press('Enter')
    await reach(button('End the old secret'))
    await page.keyboard.press('Enter')
    await said('The old secret is dead on all servers.')
    await expect.poll(() => page.evaluate(placeOfFocus)).toBe('main')
    expect([await verify(old, '192.0.2.1'), await verify(secret, '192.0.2.1')]).toEqual(['INACTIVE', 'VALID'])
  })

  test('a key gets limits, is refused beyond them, and what is wrong with one stands beside it', async () => {
    const { service, page, dialog, button, go, makeKey, verify } = opened
    const { id, key } = await makeKey({ description: 'Limited' })
    await go(`/keys/${id}`)
    await button('Edit').click()
    await dialog().getByText('Limits: none').click()
    await button('Add a rate limit').click()
    await dialog().getByLabel('Uses', { exact: true }).fill('2')
    await dialog().getByRole('textbox', { name: 'Name' }).fill('Not a name')
    await dialog().getByLabel('Quota').selectOption('month')
    await dialog().getByLabel('Uses in it').fill('500')
    await button('Save').click()
    await expect
      .poll(() => dialog().getByRole('textbox', { name: 'Name' }).getAttribute('aria-invalid'))
      .toBe('true')
    await dialog().getByRole('textbox', { name: 'Name' }).fill('burst')
    await button('Save').click()
    await dialog().waitFor({ state: 'detached' })
    await said('2 within a minute; 500 a month')
    const { rateLimits, quota } = await service.call('GET', `/keys/${id}`)
    expect([rateLimits, quota]).toEqual([
      [{ name: 'burst', limit: 2, windowSeconds: 60 }],
      { limit: 500, period: 'month' },
    ])
    const verdicts = [
      await verify(key, '192.0.2.1'),
      await verify(key, '192.0.2.1'),
      await verify(key, '192.0.2.1'),
    ]
    expect(verdicts).toEqual(['VALID', 'VALID', 'RATE_LIMITED'])
    await page.reload()
    const left = page.getByRole('list', { name: 'What is left of the limits' })
    await left.getByText('burst: 0 of 2 left within a minute').waitFor()
    await left.getByText('quota: 498 of 500 left this month').waitFor()
    await button('Edit').click()
    await dialog()
      .getByText(/^Limits: 2 within/)
      .click()
    await button('Remove the limit burst').click()
    await dialog().getByLabel('Quota').selectOption('')
    await button('Save').click()
    await dialog().waitFor({ state: 'detached' })
    expect((await service.call('GET', `/keys/${id}`)).rateLimits).toBe(null)
  })

  test('of a new key, what is wrong stands beside its field, and the first click on the button sends it', async () => {
    const { service, dialog, button, go } = opened
    const someone = await service.call('POST', '/users', { name: 'Leaves meanwhile', role: 'viewer' })
    await go('/keys')
    await button('Create key').first().click()
    const field = {
      description: dialog().getByLabel('Description'),
      user: dialog().getByLabel('User', { exact: true }),
      expiry: dialog().getByLabel('Expires'),
      permissions: dialog().getByLabel('Permissions'),
      addresses: dialog().getByRole('textbox', { name: 'Allowed addresses' }),
    }
    const send = dialog().getByRole('button', { name: 'Create key' })
    await field.addresses.fill('192.0.2.999')
    await field.description.click()
    await untilWrong(field.addresses)
    await dialog().getByRole('button', { name: 'Remove 192.0.2.999' }).click()
    await field.description.fill('exe.\u202Egnp')
    await send.click()
    await untilWrong(field.description)
    await field.description.fill('Beside its field')
    await field.expiry.selectOption('date')
    await dialog().getByLabel('Last day').fill('2020-01-01')
    await send.click()
    await untilWrong(field.expiry)
    await field.expiry.selectOption('never')
    // Whoever may all is told so in one sign, and gives each by its name.
    await field.permissions.selectOption('read')
    await said('It may: keys:list, keys:read. Nothing else.')
    await field.permissions.selectOption('custom')
    await dialog().getByLabel('keys:rotate').check()
    await said('It may: keys:list, keys:rotate. Nothing else.')
    await dialog().getByLabel('Of your application').fill('Not A Permission')
    // The field that was typed in last gives its text when the button is pressed, and the button is still there.
    await send.click()
    await untilWrong(field.permissions)
    await field.permissions.selectOption('all')
    await field.user.selectOption({ label: 'Leaves meanwhile' })
    await service.call('PATCH', `/users/${someone.id}`, { status: 'inactive' })
    await send.click()
    await untilWrong(field.user)
    await field.user.selectOption({ label: 'Ada Lovelace (you)' })
    await field.addresses.fill('192.0.2.7')
    await send.click()
    await opened.page.locator('#revealed-text').waitFor()
    const [made] = (await service.call('GET', '/keys?search=Beside')).data
    expect(made.whitelistedIPs).toEqual(['192.0.2.7'])
    await opened.page.getByLabel('I have stored it').check()
    await button('Done').click()
  })

  test('a new key that may not be used from here says so when it is tried', async () => {
    const { page, dialog, button, go } = opened
    await go('/keys')
    await button('Create key').first().click()
    await dialog().getByRole('textbox', { name: 'Allowed addresses' }).fill('192.0.2.7,')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    for (const [form, start] of [
      ['.env', 'LATCHKEY_API_KEY=lk_live_'],
      ['curl', 'curl -s '],
    ] as const) {
      await dialog().getByText(form, { exact: true }).click()
      await expect.poll(() => page.locator('#revealed-text').textContent()).toContain(start)
    }
    await button('Try it').click()
    await said(/^The key is there, and this call was refused: .*127\.0\.0\.1/)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await page.getByRole('heading', { name: 'Facts' }).waitFor()
  })

  test('a key in use is deleted only by its last four characters, and then dead on all servers', async () => {
    const { service, page, dialog, button, go, makeKey, verify } = opened
    const { id, key } = await makeKey({ description: 'Leaked' })
    await verify(key, '192.0.2.1')
    await go(`/keys/${id}`)
    // So is what stops it for a while.
    await button('Disable').click()
    await dialog().getByRole('heading', { name: 'Disable Leaked?' }).waitFor()
    await dialog().getByText('from 192.0.2.1').waitFor()
    await dialog().getByRole('button', { name: 'Cancel' }).click()
    await button('Delete key').click()
    expect(await dialog().getByRole('button', { name: 'Cancel' }).evaluate(isFocused)).toBe(true)
    await dialog().getByText('from 192.0.2.1').waitFor()
    const remove = dialog().getByRole('button', { name: 'Delete key' })
    expect(await remove.isDisabled()).toBe(true)
    const lastFour = dialog().getByLabel(/^It is in use/)
    await lastFour.fill('xxxx')
    expect(await remove.isDisabled()).toBe(true)
    await lastFour.press('Enter')
    await lastFour.fill(key.slice(-4))
    expect((await service.call('GET', `/keys/${id}`)).deletedAt).toBe(null)
    // The key that sends every other form sends this one, too.
    await lastFour.press('Enter')
    await said('The key is deleted: dead on all servers.')
    expect(await verify(key, '192.0.2.1')).toBe('INACTIVE')
    expect(await button('Delete key').count()).toBe(0)
    await page.goBack()
  })

  test('keys unused for 90 days are found and disabled together, and no other', async () => {
    const { service, page, dialog, button, go, makeKey, verify } = opened
    service.setBack(100 * DAY_MS)
    const old = [await makeKey({ description: 'Old one' }), await makeKey({ description: 'Old two' })]
    const busy = await makeKey({ description: 'Old and busy' })
    service.setBack(0)
    await verify(busy.key, '192.0.2.1')
    const lastUse = async () => (await service.call('GET', `/keys/${busy.id}`)).lastUsedAt
    // Noted some seconds after the use.
    await expect.poll(lastUse, { timeout: 30_000 }).not.toBe(null)
    await go('/keys')
    await page.getByLabel('Last used').selectOption('90')
    await row('Old two').waitFor()
    await expect.poll(() => page.url()).toContain('unused=90')
    await row('Old and busy').waitFor({ state: 'detached' })
    await page.getByLabel('Pick all on this page').check()
    await said('2 picked')
    await page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Disable' }).click()
    for (const name of ['Old one', 'Old two']) await dialog().getByText(name).waitFor()
    // The later one is listed first.
    const ids = old.map(({ id }) => id).reverse()
    expect(await dialog().locator('pre').allTextContents()).toEqual([
      expect.stringMatching(`^for id in ${ids.join(' ')}; do\n  curl -sX PATCH ".*/keys/\\$id"`),
      expect.stringContaining(
        `for (const id of ['${ids.join("', '")}']) {\n  await latchkey.keys.update(id, {`,
      ),
    ])
    await dialog().getByRole('button', { name: 'Disable 2 keys' }).click()
    await said('2 disabled: dead on all servers.')
    await said('No key fits these filters')
    for (const { key } of old) expect(await verify(key, '192.0.2.1')).toBe('INACTIVE')
    expect(await verify(busy.key, '192.0.2.1')).toBe('VALID')
    await button('Clear filters').first().click()
  })

  test('of several keys, one that is refused keeps none of the others, and stays picked', async () => {
    const { service, page, dialog, go, makeKey } = opened
    const made = [await makeKey({ description: 'Several, 1' }), await makeKey({ description: 'Several, 2' })]
    await go('/keys?search=Several')
    await page.getByLabel('Pick all on this page').check()
    // The later one is listed, and tried, first.
    await page.route(`**/keys/${made[1]!.id}`, (route) =>
      route.request().method() === 'PATCH' ? route.fulfill(refusal) : route.continue(),
    )
    await page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Disable' }).click()
    await dialog().getByRole('button', { name: 'Disable 2 keys' }).click()
    await said('1 of 2 disabled: dead on all servers.')
    await dialog().getByText('Not today.').waitFor()
    await page.unroute(`**/keys/${made[1]!.id}`)
    await dialog().getByRole('button', { name: 'Disable key' }).click()
    await dialog().waitFor({ state: 'detached' })
    const states = await Promise.all(made.map(({ id }) => service.call('GET', `/keys/${id}`)))
    expect(states.map(({ enabled }) => enabled)).toEqual([false, false])
  })

  test('several keys of which one is in use are deleted only by their number', async () => {
    const { service, page, dialog, go, makeKey, verify } = opened
    const made = [await makeKey({ description: 'Both, idle' }), await makeKey({ description: 'Both, busy' })]
    await verify(made[1]!.key, '192.0.2.1')
    const lastUse = async () => (await service.call('GET', `/keys/${made[1]!.id}`)).lastUsedAt
    await expect.poll(lastUse, { timeout: 30_000 }).not.toBe(null)
    await go('/keys?search=Both')
    await page.getByLabel('Pick all on this page').check()
    await page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Delete' }).click()
    const deed = dialog().getByRole('button', { name: 'Delete 2 keys' })
    expect(await deed.isDisabled()).toBe(true)
    await dialog().getByLabel('1 of them in use. Type how many you delete, 2').fill('2')
    await page.keyboard.press('Enter')
    await said('2 deleted: dead on all servers.')
    await expect.poll(() => page.evaluate(placeOfFocus)).toBe('main')
  })

  test.each(['Cancel', 'Back'])(
    'of several keys, those that are left stay as they are after %s',
    async (way) => {
      const { service, page, dialog, go, makeKey } = opened
      const made: { id: string }[] = []
      for (const number of [1, 2, 3]) made.push(await makeKey({ description: `${way} at ${number}` }))
      const gate = Promise.withResolvers<void>()
      await go('/audit')
      await page.getByRole('link', { name: 'Keys', exact: true }).click()
      for (const number of [1, 2, 3]) await row(`${way} at ${number}`).getByRole('checkbox').check()
      await page.route('**/keys/key_*', async (route) => {
        await gate.promise
        await route.continue()
      })
      await page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Disable' }).click()
      const asked = page.waitForRequest('**/keys/key_*')
      await dialog().getByRole('button', { name: 'Disable 3 keys' }).click()
      await asked
      if (way === 'Cancel') await dialog().getByRole('button', { name: way }).click()
      else await page.goBack()
      gate.resolve()
      await said('1 of 3 disabled: dead on all servers.')
      await dialog().waitFor({ state: 'detached' })
      await page.unroute('**/keys/key_*')
      const states = await Promise.all(made.map(({ id }) => service.call('GET', `/keys/${id}`)))
      expect(states.map(({ enabled }) => enabled)).toEqual([true, true, false])
      await said('2 picked')
    },
  )

  test('by keyboard alone some of several keys are picked and disabled, also after a refusal', async () => {
    const { service, page, dialog, go, reach, makeKey } = opened
    const made: { id: string }[] = []
    for (const name of ['Trio, 1', 'Trio, 2', 'Trio, 3']) made.push(await makeKey({ description: name }))
    await go('/keys?search=Trio')
    for (const name of ['Trio, 2', 'Trio, 1']) {
      await reach(row(name).getByRole('checkbox'))
      await page.keyboard.press('Space')
    }
    await reach(page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Disable' }))
    await page.keyboard.press('Enter')
    await expect.poll(() => dialog().getByRole('button', { name: 'Cancel' }).evaluate(isFocused)).toBe(true)
    const deed = dialog().getByRole('button', { name: 'Disable 2 keys' })
    await page.route('**/keys/key_*', (route) => route.fulfill(refusal))
    await reach(deed)
    await page.keyboard.press('Enter')
    await dialog().getByText('Not today.').waitFor()
    await page.unroute('**/keys/key_*')
    // Whoever pressed it is still on it.
    await expect.poll(() => deed.evaluate(isFocused)).toBe(true)
    await page.keyboard.press('Enter')
    await said('2 disabled: dead on all servers.')
    await expect.poll(() => page.evaluate(placeOfFocus)).toBe('main')
    const states = await Promise.all(made.map(({ id }) => service.call('GET', `/keys/${id}`)))
    expect(states.map(({ enabled }) => enabled)).toEqual([false, false, true])
  })

  test('by its masked form a refused key is found, explained and mended, and works', async () => {
    const { service, page, button, go, makeKey, verify } = opened
    const { id, key } = await makeKey({ description: 'Northwind', whitelistedIPs: ['192.0.2.0/24'] })
    expect(await verify(key, '198.51.100.7')).toBe('IP_NOT_ALLOWED')
    await untilCounted(id, 1)
    await go('/keys')
    await page.getByRole('link', { name: 'Why was it refused?' }).click()
    await page.getByLabel('Key or request').fill(`lk_live_…${key.slice(-4)}`)
    await button('Explain').click()
    await page.getByRole('link', { name: '198.51.100.7' }).click()
    await said('Refused, IP_NOT_ALLOWED: 198.51.100.7 is not in its list')
    // What somebody took out meanwhile does not come back with the click.
    await service.call('PATCH', `/keys/${id}`, { whitelistedIPs: ['192.0.2.9'] })
    await button('Allow 198.51.100.7').click()
    await said('198.51.100.7 may use the key now.')
    await said('198.51.100.7 is in its list.')
    expect((await service.call('GET', `/keys/${id}`)).whitelistedIPs).toEqual(['192.0.2.9', '198.51.100.7'])
    expect(await verify(key, '198.51.100.7')).toBe('VALID')
  })

  test('a request is traced by its id', async () => {
    const { service, page, button, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Traced' })
    const other = await makeKey({ description: 'In the same minute' })
    const { data } = await service.call('GET', `/audit?objectId=${id}`)
    const refused = await fetch(`${service.url}/me`, { headers: { 'x-api-key': 'lk_live_none' } })
    const { requestId } = (await refused.json()) as { requestId: string }
    await go('/why')
    for (const [asked, expected] of [
      [data[0].requestId, /key\.created of key_/],
      [requestId, 'It changed nothing: it was refused, or it only read.'],
    ] as const) {
      await page.getByLabel('Key or request').fill(asked)
      await button('Explain').click()
      await said(expected)
      expect(await page.getByRole('main').getByText(other.id).count()).toBe(0)
    }
  })

  test.each(['/keys', '/why'])(
    'a whole secret that is pasted into %s is not sent and not kept',
    async (path) => {
      const { page, go, makeKey } = opened
      const { key } = await makeKey({ description: 'Pasted' })
      const sent: string[] = []
      page.on('request', (request) => sent.push(request.url()))
      await go(path)
      await page.getByLabel(path === '/keys' ? 'Search' : 'Key or request').fill(key)
      await said('That is a whole secret. Its last four characters are enough.')
      await page.keyboard.press('Enter')
      await page.getByLabel(path === '/keys' ? 'Search' : 'Key or request').fill('')
      expect([...sent, page.url()].filter((url) => url.includes(key))).toEqual([])
    },
  )

  test('how often a key is used shows on its page and for the company, in a chart and in a table', async () => {
    const { service, page, go, makeKey, verify } = opened
    const fields = {
      description: 'Counted',
      whitelistedIPs: ['192.0.2.0/24'],
      rateLimits: [{ name: 'burst', limit: 2, windowSeconds: 3_600 }],
    }
    service.setBack(60_000)
    const { id, key } = await makeKey({ ...fields, expiresAt: new Date(Date.now() - 1_000).toISOString() })
    const before = ['192.0.2.1', '192.0.2.1', '198.51.100.7', '192.0.2.1']
    for (const ip of before) await verify(key, ip)
    expect(await verify(key)).toBe('IP_REQUIRED')
    service.setBack(0)
    expect(await verify(key, '192.0.2.1')).toBe('EXPIRED')
    await service.call('PATCH', `/keys/${id}`, { enabled: false, expiresAt: null })
    expect(await verify(key, '192.0.2.1')).toBe('INACTIVE')
    await service.call('PATCH', `/keys/${id}`, { enabled: true })
    await untilCounted(id, 7)
    const outcomes = ['2 accepted', '2 refused by address', '1 expired', '1 limited', '1 refused otherwise']
    await go(`/keys/${id}`)
    await page.getByRole('img', { name: outcomes.join(', ') }).waitFor()
    const told = await page.locator('.lk-bars title').allTextContents()
    const parts = told.flatMap((text) => text.split(': ')[1]!.split(', '))
    expect(parts.filter((part) => part !== '0 accepted')).toEqual(outcomes)
    const legend = page.locator('figcaption span:has(svg)')
    expect((await legend.allTextContents()).map((text) => text.trim())).toEqual(outcomes)
    expect(await page.locator('.lk-bars rect[fill]').count()).toBe(outcomes.length)
    for (const path of [`/keys/${id}`, '/usage']) {
      await go(path)
      await page.getByRole('img', { name: /\d+ accepted, \d+ refused by address/ }).waitFor()
      await page.getByText('As a table').click()
      await page.getByRole('cell', { name: /address not in its list: / }).waitFor()
    }
    await go('/keys?search=Counted')
    await row('Counted').getByRole('img', { name: '2 accepted and 5 refused in 14 days' }).waitFor()
    await go('/usage')
    await row('Counted').getByRole('link').click()
    await page.getByRole('heading', { name: 'Counted' }).waitFor()
    await said('2 accepted')
  })

  test('the files of gateways stand ready, with the address of this service in them', async () => {
    const { service, page, button, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Behind a gateway' })
    await go(`/keys/${id}`)
    await page.getByText('Let a gateway check it').click()
    const shown = page.getByLabel('nginx.conf', { exact: true })
    await shown.getByText(`server ${new URL(service.url).host};`).waitFor()
    await page.getByLabel('Gateway', { exact: true }).selectOption('Caddyfile')
    await page.getByText(`forward_auth ${new URL(service.url).host}`).waitFor()
    await page.locator('details').filter({ hasText: 'Let a gateway' }).getByRole('button').click()
    await button('Copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('/gateway/check')
  })

  test('nothing of this broke the policy or wrote an error down', () => {
    expect(opened.complaints).toEqual([])
  })
})

/** Until a field says what is wrong with it, to those who hear it, too. */
async function untilWrong(field: Locator): Promise<void> {
  await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
  const said = await field.evaluate((element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id))
      .filter((text) => text?.className.includes('error'))
      .map((text) => text?.textContent)
      .join(),
  )
  expect(said).toMatch(/\w{3}/)
}

const usesOf = ({ days }: { days: readonly { counts: Record<string, number> }[] }) =>
  days.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0)

/** Where the focus is, as far as somebody without a mouse goes on from there. */
const placeOfFocus = () =>
  document.activeElement?.closest('[role=dialog]') === null ? document.activeElement.id : 'dialog'

/** As the API refuses. */
const refusal = {
  status: 409,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    type: '/errors/key_not_active',
    title: 'Conflict',
    status: 409,
    detail: 'Not today.',
    message: 'Not today.',
    code: 'key_not_active',
    requestId: 'req_x',
  }),
}
