import { readFileSync } from 'node:fs'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBarriers } from './browser.ts'
import { type ConsoleInBrowser, isFocused, openConsole, PASSWORD } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'
import { HOSTILE } from './visits.ts'

let opened: ConsoleInBrowser

describe.skipIf(!isBrowserThere)('what people do with a company', () => {
  beforeAll(async () => {
    opened = await openConsole()
  })
  afterAll(() => opened?.stop())

  const said = (text: string | RegExp) =>
    opened.page.getByText(text).filter({ visible: true }).first().waitFor()
  const row = (text: string) => opened.page.getByRole('row').filter({ hasText: text })

  test('the operator adds a company, acts for it, always sees that, and stops', async () => {
    const { page, service, button, dialog, go } = opened
    await go('/companies')
    await button('Add company').click()
    // What would turn the text around it is refused beside its field, in the words of the service.
    await dialog().getByLabel('Name').fill('exe.\u202Egnp')
    await dialog().getByRole('button', { name: 'Add company' }).click()
    await said('Holds U+202E, which turns the direction of the text around it: leave it out.')
    await dialog().getByLabel('Name').fill(HOSTILE)
    await dialog().getByRole('button', { name: 'Add company' }).click()
    await dialog().waitFor({ state: 'detached' })
    await row('onerror')
      .getByRole('button', { name: /^Act for/ })
      .click()
    const banner = page.getByRole('status').filter({ hasText: 'You act for' })
    await said('No keys yet')
    // The page has the focus now, since the button is gone; that moves nothing out of sight.
    await expect.poll(() => page.locator('#main').evaluate(isFocused)).toBe(true)
    expect(await page.evaluate(() => scrollY)).toBe(0)
    // Markup of a name is text, and what turns the line round stays in it.
    expect(await page.locator('img').count()).toBe(0)
    // What would make a key by the API needs a user, too; and one's own is none of this company.
    expect(await page.getByRole('main').locator('pre').filter({ visible: true }).count()).toBe(0)
    // A key needs a user: whoever has none is led to where one is made.
    await button('Create key').first().click()
    await dialog().getByText('This company has no active user').waitFor()
    expect(await dialog().getByRole('button', { name: 'Create key' }).isDisabled()).toBe(true)
    await dialog().getByRole('link', { name: 'Add a user' }).click()
    await said('No users yet')
    await button('Add user').click()
    await dialog().getByLabel('Name').fill('Theirs')
    await dialog().getByRole('button', { name: 'Add user' }).click()
    await row('Theirs').waitFor()
    for (const name of ['Keys', 'Why was it refused?', 'Usage', 'Audit', 'Settings']) {
      await page.getByRole('link', { name, exact: true }).first().click()
      await banner.waitFor()
    }
    for (const width of [1_280, 320]) {
      await page.setViewportSize({ width, height: 400 })
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
      expect(await banner.evaluate(placeIn), String(width)).toMatchObject({ top: 0, isLow: true })
      expect(await button('Stop').locator('.mantine-Button-label').evaluate(isCut), String(width)).toBe(false)
    }
    await page.setViewportSize({ width: 1_280, height: 900 })
    await page.reload()
    await banner.waitFor()
    await page.getByRole('link', { name: 'Keys', exact: true }).click()
    await said('No keys yet')
    const call = page.getByRole('main').locator('pre').filter({ visible: true })
    await expect.poll(() => call.textContent()).toContain(`-H 'X-Company-Id: cmp_`)
    expect(await call.textContent()).not.toContain(service.ownerId)
    await button('Create key').first().click()
    await dialog().getByLabel('Description').fill('For them')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await said('by Ada Lovelace, of the operator')
    await page.getByRole('complementary').getByText('Ada Lovelace (owner)').waitFor()
    await button('Stop').click()
    await banner.waitFor({ state: 'detached' })
    expect((await service.call('GET', '/keys?search=For+them')).total).toBe(0)
    const { data } = await service.call('GET', '/companies')
    const theirs = { 'x-company-id': data[0].id }
    expect((await service.call('GET', '/keys', undefined, theirs)).data[0].description).toBe('For them')
  })

  test('a company is deactivated and activated, with what that means said before', async () => {
    const { dialog, go } = opened
    await go('/companies')
    await row('onerror')
      .getByRole('button', { name: /^Deactivate/ })
      .click()
    await dialog().getByLabel('Type its name').fill(HOSTILE)
    await dialog().getByRole('button', { name: 'Deactivate company' }).click()
    await row('onerror').getByText('Deactivated').waitFor()
    await row('onerror')
      .getByRole('button', { name: /^Activate/ })
      .click()
    await dialog().getByRole('button', { name: 'Activate company' }).click()
    await row('onerror').getByText('Active', { exact: true }).waitFor()
  })

  test('a user is added, invited, and shut out; the link is shown once', async () => {
    const { page, service, button, dialog, go } = opened
    await go('/users')
    await button('Add user').click()
    await dialog().getByLabel('Name').fill('Grace Hopper')
    await dialog().getByLabel('Email address').fill('not an address')
    await dialog().getByLabel('Role').selectOption('admin')
    await dialog().getByLabel('Email address').fill('grace@example.com')
    await dialog().getByRole('button', { name: 'Add user' }).click()
    await button('Make the link').click()
    const link = (await page.locator('#invitation-link').textContent()) ?? ''
    expect(link).toMatch(/\/console\/#invitation=inv_[\w-]+/)
    await button('Done').click()
    await page.locator('#invitation-link').waitFor({ state: 'detached' })
    expect((await page.content()).includes(link)).toBe(false)
    await button('Deactivate Grace Hopper').click()
    await dialog().getByRole('button', { name: 'Deactivate user' }).click()
    await said('Deactivated: its keys are dead on all servers.')
    const { data } = await service.call('GET', '/users')
    expect(data.find(({ name }: { name: string }) => name === 'Grace Hopper').status).toBe('inactive')
  })

  test('by keyboard alone a company is added, and a user is added and invited', async () => {
    const { page, service, button, dialog, go, reach } = opened
    const name = dialog().getByLabel('Name')
    await go('/companies')
    await reach(button('Add company'))
    await page.keyboard.press('Enter')
    await expect.poll(() => name.evaluate(isFocused)).toBe(true)
    await page.keyboard.type('Keyboards and Sons')
    await page.keyboard.press('Enter')
    await row('Keyboards and Sons').waitFor()
    await expect.poll(() => button('Add company').evaluate(isFocused)).toBe(true)
    await go('/users')
    await reach(button('Add user'))
    await page.keyboard.press('Enter')
    await expect.poll(() => name.evaluate(isFocused)).toBe(true)
    await page.keyboard.type('Kay Board')
    await reach(dialog().getByLabel('Email address'))
    await page.keyboard.type('kay@example.com')
    await reach(dialog().getByLabel('Role'))
    await page.keyboard.type('Viewer')
    await reach(dialog().getByRole('button', { name: 'Add user' }))
    await page.keyboard.press('Enter')
    await expect.poll(() => button('Make the link').evaluate(isFocused)).toBe(true)
    await page.keyboard.press('Enter')
    await page.locator('#invitation-link').waitFor()
    await expect.poll(() => dialog().evaluate(holdsFocus)).toBe(true)
    await reach(button('Done'))
    await page.keyboard.press('Enter')
    await dialog().waitFor({ state: 'detached' })
    await expect.poll(() => page.locator('#main').evaluate(holdsFocus)).toBe(true)
    const { data } = await service.call('GET', '/users')
    expect(data.find(({ name }: { name: string }) => name === 'Kay Board').role).toBe('viewer')
  })

  test('audit events are filtered, and saved as CSV that no table program runs and as JSON lines', async () => {
    const { page, button, go, makeKey } = opened
    const { id } = await makeKey({ description: 'Exported' })
    // Nothing that anybody types comes into an event today; a later release may have it come.
    await page.route('**/audit?*', async (route) => {
      const answer = await route.fetch()
      const text = (await answer.text()).replaceAll(id, '=HYPERLINK(1)')
      await route.fulfill({ response: answer, body: text })
    })
    await go('/audit')
    await page.getByLabel('Action').fill('key.created')
    await button('Filter').click()
    await expect.poll(() => row('user.created').count()).toBe(0)
    await row('key.created').first().waitFor()
    const files: Record<string, string> = {}
    for (const name of ['CSV', 'JSON lines']) {
      const download = page.waitForEvent('download')
      await button(name).click()
      files[name] = readFileSync(await (await download).path(), 'utf8')
    }
    const lines = files['JSON lines']!.trim().split('\n')
    const events = lines.map((line) => JSON.parse(line))
    expect(new Set(events.map(({ action }) => action))).toEqual(new Set(['key.created']))
    const rows = files.CSV!.trim().split('\r\n')
    expect(rows.length).toBe(events.length + 1)
    expect(rows[0]).toContain('"action"')
    expect(rows.some((text) => text.includes(`"'=HYPERLINK(1)"`))).toBe(true)
    expect(rows.some((text) => /"[=+@-]/.test(text))).toBe(false)
    await page.unroute('**/audit?*')
    await button('Clear filters').click()
    await row('company').first().waitFor()
    // By the name that stands in the table, and by keyboard: the focus stays where it was.
    const by = page.getByLabel('By', { exact: true })
    await by.fill('ada lovelace')
    await page.keyboard.press('Enter')
    await row('session.started').first().waitFor()
    await row('user.password_set').first().waitFor()
    for (const each of await page.locator('tbody tr').all()) {
      expect(await each.getByRole('cell').nth(2).textContent()).toBe('Ada Lovelace')
    }
    expect(await by.evaluate(isFocused)).toBe(true)
    await by.fill('Nobody')
    await page.keyboard.press('Enter')
    await said('No user is called that')
    await page.goBack()
    await expect.poll(() => by.inputValue()).toBe('ada lovelace')
    await button('Clear filters').click()
    await row('company').first().waitFor()
    // What the service refuses of a filter stands beside it, also where an address brought it.
    for (const [path, label] of [
      [`/audit?actor=${'x'.repeat(101)}`, 'By'],
      [`/audit?object=${'x'.repeat(101)}`, 'To'],
      [`/audit?action=${'x'.repeat(101)}`, 'Action'],
    ] as const) {
      await go(path)
      const field = page.getByLabel(label, { exact: true })
      await expect.poll(() => field.getAttribute('aria-invalid'), { message: path }).toBe('true')
    }
  })

  test('settings say what this deployment is', async () => {
    const { page, service, go } = opened
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await go('/settings')
    await page.getByText('Ready: it verifies and writes').waitFor()
    await page.getByText('Embedded, in its data directory').waitFor()
    await page.getByText(service.url).first().waitFor()
    // What the doctor says, as far as a service that runs can tell.
    for (const name of ['Data directory', 'Server secret', 'Proxies', 'Metrics', 'Disk']) {
      await page.locator('dt').getByText(name, { exact: true }).waitFor()
    }
    await page.getByText('LATCHKEY_TRUSTED_PROXIES is empty').waitFor()
    // It reads the whole store, so somebody has to want it.
    await page.waitForLoadState('networkidle')
    expect(asked).not.toContain('/console/store-findings')
    await opened.button('Look through the store').click()
    await page.getByText('every page, row and index checked').waitFor()
    for (const name of ['Clock', 'Database', 'Schema', 'Tables and triggers', 'Counters']) {
      await page.locator('dt').getByText(name, { exact: true }).waitFor()
    }
    await said('all is well.')
  })

  test('who made a key stands in the list and on its page', async () => {
    const { page, go, makeKey } = opened
    await makeKey({ description: 'By a program' })
    await go('/keys?search=program')
    await row('By a program').getByText('by Ada Lovelace', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'By a program' }).click()
    // With the key of the first start, which has a description.
    await page
      .locator('dd')
      .getByText(/by Ada Lovelace, with the key /)
      .waitFor()
    const { data } = await opened.service.call('GET', '/keys?limit=100')
    const { id } = data.find(({ createdBy }: { createdBy: string | null }) => createdBy === null)
    await go(`/keys/${id}`)
    await page.locator('dd').getByText('on the server itself').waitFor()
  })

  test("one's sessions are listed, and another of them is ended at once", async () => {
    const { page, browser, service, go, signIn } = opened
    const elsewhere = await browser.newContext()
    const lost = await elsewhere.newPage()
    await lost.goto(`${service.url}/console/keys`)
    await signIn(lost)
    await lost.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    await go('/settings')
    const sessions = page.getByRole('table', { name: 'Your sessions, newest first' })
    await sessions.getByText('This one').waitFor()
    const ends = sessions.getByRole('button', { name: /^End the session/ })
    expect(await ends.count()).toBe(1)
    await sessions.getByRole('button', { name: /^End the session from 127\.0\.0\.1/ }).click()
    await said('The session has ended, on all servers.')
    await expect.poll(() => ends.count()).toBe(0)
    await lost.getByRole('link', { name: 'Audit' }).click()
    await lost.getByText('Your session has ended').waitFor()
    await elsewhere.close()
  })

  test("one's password is changed by the old one, and what is wrong stands beside its field", async () => {
    const { page, browser, service, button, dialog, go, signIn } = opened
    const elsewhere = await browser.newContext()
    const lost = await elsewhere.newPage()
    await lost.goto(`${service.url}/console/keys`)
    await signIn(lost)
    await lost.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    await go('/settings')
    await button('Change password').click()
    await dialog().getByText('the API has no call for it').waitFor()
    const fields = {
      old: dialog().getByRole('textbox', { name: 'Current password' }),
      next: dialog().getByRole('textbox', { name: 'New password' }),
    }
    const send = dialog().getByRole('button', { name: 'Change password' })
    await fields.old.fill('not my password')
    await fields.next.fill('four words nobody says together')
    await send.click()
    await dialog().getByText('Is not your password.', { exact: true }).waitFor()
    expect(await fields.next.inputValue()).toBe('four words nobody says together')
    await fields.old.fill(PASSWORD)
    await send.click()
    await said('Your password is changed. Your other sessions have ended.')
    await lost.getByRole('link', { name: 'Audit' }).click()
    await lost.getByText('Your session has ended').waitFor()
    await elsewhere.close()
    // Back again: the others sign in with it.
    await button('Change password').click()
    await fields.old.fill('four words nobody says together')
    await fields.next.fill(PASSWORD)
    await send.click()
    await dialog().waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain(PASSWORD)
  })

  test('an edit of a user or a company shows what somebody else changed meanwhile, and undoes nothing', async () => {
    const { service, page, button, dialog, go } = opened
    const save = async (name: string, ...told: readonly string[]) => {
      await dialog().getByLabel('Name').fill(name)
      await button('Save').click()
      for (const text of told) await dialog().getByText(text).waitFor()
      expect(await button('Save').isDisabled()).toBe(true)
      await button('Go on with my changes').click()
      expect(await dialog().getByLabel('Name').inputValue()).toBe(name)
      await button('Save').click()
      await row(name).waitFor()
    }
    const user = { name: 'Hedy', role: 'admin', email: 'hedy@example.com' }
    const { id } = await service.call('POST', '/users', user)
    await go('/users')
    await button('Edit Hedy').click()
    const theirs = { role: 'viewer', email: 'lamarr@example.com' }
    await service.call('PATCH', `/users/${id}`, theirs)
    await save(
      'Hedy Lamarr',
      'Role: was admin, now viewer',
      'Email address: was hedy@example.com, now lamarr@',
    )
    expect(await service.call('GET', `/users/${id}`)).toMatchObject({ name: 'Hedy Lamarr', ...theirs })
    const company = await service.call('POST', '/companies', { name: 'Frequencies', externalId: 'old' })
    await go('/companies')
    await button('Edit Frequencies').click()
    await service.call('PATCH', `/companies/${company.id}`, { externalId: 'new' })
    await save('Frequency Hopping', 'External id: was old, now new')
    expect(await service.call('GET', `/companies/${company.id}`)).toMatchObject({
      name: 'Frequency Hopping',
      externalId: 'new',
    })
    // Also between the look at it and the change.
    await button('Edit Frequency Hopping').click()
    const looked = { times: 0 }
    await page.route(`**/companies/${company.id}`, async (route) => {
      const response = await route.fetch()
      looked.times += 1
      if (looked.times === 1)
        await service.call('PATCH', `/companies/${company.id}`, { externalId: 'newest' })
      await route.fulfill({ response })
    })
    await save('Spread Spectrum', 'External id: was new, now newest')
    await page.unroute(`**/companies/${company.id}`)
    expect((await service.call('GET', `/companies/${company.id}`)).externalId).toBe('newest')
  })

  test('who promotes a user is told what ended with it and which keys grew, and invites again', async () => {
    const { page, browser, service, button, dialog, go, signIn } = opened
    const add = (name: string, role: string) =>
      service.call('POST', '/users', { name, role, email: `${name.toLowerCase()}@example.com` })
    const givePassword = async (id: string, by: Record<string, string> = {}) => {
      const { token } = await service.call('POST', `/users/${id}/invitation`, undefined, by)
      await service.call('POST', '/auth/password', { token, password: PASSWORD }, { 'x-api-key': '' })
    }
    const giver = await add('Howard', 'admin')
    await givePassword(giver.id)
    const { key } = await service.call('POST', '/keys', { userId: giver.id, permissions: null })
    const user = await add('Margaret', 'viewer')
    await givePassword(user.id, { 'x-api-key': key })
    await service.call('POST', '/keys', { userId: user.id, permissions: null }, { 'x-api-key': key })
    await go('/users')
    await button('Edit Margaret').click()
    await dialog().getByLabel('Role').selectOption('owner')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await dialog().getByRole('heading', { name: 'Margaret may do more now' }).waitFor()
    await expect.poll(() => dialog().evaluate(holdsFocus)).toBe(true)
    await said(/^The password and the sessions of this user have ended/)
    await said(/^1 key of this user may do more now/)
    expect(await findBarriers(page)).toEqual([])
    await dialog().getByRole('button', { name: 'Invite', exact: true }).click()
    await button('Make the link').click()
    expect(await page.locator('#invitation-link').textContent()).toMatch(/#invitation=inv_/)
    await button('Done').click()
    // What somebody is shows, also to whoever could not make them that, and no button that would be refused.
    const elsewhere = await browser.newContext()
    const admin = await elsewhere.newPage()
    await admin.goto(`${service.url}/console/users`)
    await signIn(admin, giver.email)
    const theirs = (name: string) => admin.getByRole('row', { name })
    await theirs('Margaret').getByRole('cell', { name: 'owner', exact: true }).waitFor()
    const deeds = { name: /^(Edit|Invite|Deactivate) / }
    expect(await theirs('Margaret').getByRole('button', deeds).count()).toBe(0)
    expect(await theirs('Howard').getByRole('button', deeds).count()).toBe(3)
    await elsewhere.close()
  })

  test('a user is found by any part of name, address or external id, and the page can be sent to somebody', async () => {
    const { page, service, button, dialog, go } = opened
    const add = (fields: object) => service.call('POST', '/users', { role: 'viewer', ...fields })
    await add({ name: 'Émilie du Châtelet', email: 'emilie@found.example', externalId: 'svc-found-1' })
    await add({ name: 'Mary Somerville', email: 'mary@found.example' })
    await go('/users')
    await row('Mary Somerville').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('ÉMILIE')
    await row('Mary Somerville').waitFor({ state: 'detached' })
    await row('Émilie du Châtelet').waitFor()
    await expect.poll(() => page.url()).toContain('search=')
    await page.reload()
    await row('Émilie du Châtelet').waitFor()
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('ÉMILIE')
    for (const [search, count] of [
      ['FOUND.example', '2 users'],
      ['svc-found', '1 user'],
      ['mary@', '1 user'],
    ] as const) {
      await page.getByRole('searchbox', { name: 'Search' }).fill(search)
      await said(count)
    }
    await row('Mary Somerville').waitFor()
    await button('Edit Mary Somerville').click()
    await dialog().getByLabel('External id').fill('svc-found-2')
    await dialog().getByRole('button', { name: 'Save' }).click()
    await dialog().waitFor({ state: 'detached' })
    await page.getByRole('searchbox', { name: 'Search' }).fill('svc-found')
    await said('2 users')
    await page.getByRole('searchbox', { name: 'Search' }).fill('nobody has this')
    await said('No user fits this search')
    await button('Clear the search').click()
    await row('Mary Somerville').waitFor()
  })

  test('a company is found by any part of its name or external id, by keyboard alone', async () => {
    const { page, service, button, go, reach } = opened
    await service.call('POST', '/companies', { name: 'Völund Engines', externalId: 'org-found-1' })
    await service.call('POST', '/companies', { name: 'Wayland Forge', externalId: 'org-found-2' })
    await go('/companies')
    await row('Wayland Forge').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('VÖLUND')
    await row('Wayland Forge').waitFor({ state: 'detached' })
    await row('Völund Engines').waitFor()
    await page.reload()
    await said('1 company')
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('VÖLUND')
    await page.keyboard.press('/')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('org-found')
    await said('2 companies')
    await page.keyboard.type('-none')
    await said('No company fits this search')
    await reach(button('Clear the search'))
    await page.keyboard.press('Enter')
    await row('Wayland Forge').waitFor()
  })

  test('a letter that is typed while the list is asked for stays', async () => {
    const { page, go } = opened
    await go('/users')
    await row('Ada Lovelace').waitFor()
    await page.evaluate(() => {
      const replace = history.replaceState.bind(history)
      history.replaceState = (...state) => {
        replace(...state)
        const field = document.querySelector<HTMLInputElement>('input[type="search"]')
        if (field?.value !== 'ad') return
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, 'ada')
        field.dispatchEvent(new Event('input', { bubbles: true }))
      }
    })
    await page.getByRole('searchbox', { name: 'Search' }).fill('ad')
    await expect.poll(() => page.url()).toContain('search=ada')
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('ada')
  })

  test('a user is deleted by name, once no key of it works, and with what that means said before', async () => {
    const { page, service, button, dialog, go } = opened
    const email = 'caroline@example.com'
    const { id } = await service.call('POST', '/users', {
      name: 'Caroline  Herschel',
      role: 'developer',
      email,
    })
    const { id: keyId } = await service.call('POST', '/keys', { userId: id, description: 'Comets' })
    await go('/users?search=caroline')
    await button('Delete Caroline  Herschel').click()
    await said('This user has 1 active key.')
    expect(await dialog().getByRole('button', { name: 'Delete user' }).isDisabled()).toBe(true)
    expect(await findBarriers(page)).toEqual([])
    await dialog().getByRole('link', { name: 'this key' }).click()
    await page.getByRole('link', { name: 'Comets' }).waitFor()
    await service.call('PATCH', `/keys/${keyId}`, { enabled: false })
    await go('/users?search=caroline')
    await button('Delete Caroline  Herschel').click()
    const name = dialog().getByLabel('Type the name of the user')
    await name.fill('Caroline')
    expect(await dialog().getByRole('button', { name: 'Delete user' }).isDisabled()).toBe(true)
    // As it is seen: a page shows no two spaces.
    await name.fill('Caroline Herschel')
    await name.press('Enter')
    await said('The user is deleted.')
    await said('No user fits this search')
    await expect(service.call('GET', `/users/${id}`)).rejects.toThrow('404')
    await go(`/keys?status=all&search=${keyId}`)
    await row('No description').getByRole('cell', { name: 'a deleted user', exact: true }).waitFor()
  })

  test('the list of users says who was chosen, also where it cannot hold all of them', async () => {
    const { page, service, button, dialog, go } = opened
    const hildegard = await service.call('POST', '/users', { name: 'Hildegard', role: 'developer' })
    for (let made = 0; made < 500; made += 50) {
      const some = Array.from({ length: 50 }, (_, index) =>
        service.call('POST', '/users', { name: `Newer ${made + index}`, role: 'developer' }),
      )
      await Promise.all(some)
    }
    const shown = (within: Locator) => within.getByLabel('User', { exact: true }).evaluate(chosenText)
    await go(`/keys?user=${service.ownerId}`)
    await expect.poll(() => shown(page.getByRole('search'))).toBe('Ada Lovelace')
    await button('Create key').first().click()
    await dialog().getByLabel('Description').fill('Whose key')
    expect(await shown(dialog())).toBe('Ada Lovelace')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    const { data } = await service.call('GET', '/keys?search=Whose')
    expect(data[0].userId).toBe(service.ownerId)
    // Also in the rows of keys, and of their use.
    await go('/keys?search=Whose')
    await row('Whose key').getByRole('cell', { name: 'Ada Lovelace', exact: true }).waitFor()
    await go('/usage')
    await page.getByRole('table', { name: 'Users' }).getByRole('link', { name: 'Ada Lovelace' }).waitFor()
    // Whose keys are looked at gets the new one, however old the user is.
    await go('/users?search=hildegard')
    await page.getByRole('link', { name: 'Hildegard' }).click()
    await expect.poll(() => shown(page.getByRole('search'))).toBe('Hildegard')
    await page.keyboard.press('c')
    await dialog().getByLabel('Description').fill('Hers')
    expect(await shown(dialog())).toBe('Hildegard')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    const hers = await service.call('GET', '/keys?search=Hers')
    expect(hers.data[0].userId).toBe(hildegard.id)
    await go('/keys?search=Hers')
    await row('Hers').getByRole('cell', { name: 'Hildegard', exact: true }).waitFor()
  })

  test('nothing of this broke the policy or wrote an error down', () => {
    expect(opened.complaints).toEqual([])
  })
})

const chosenText = (list: Element) => (list as HTMLSelectElement).selectedOptions[0]?.text
const isCut = ({ scrollWidth, clientWidth }: Element) => scrollWidth > clientWidth
const placeIn = (element: Element) => {
  const { top, height } = element.getBoundingClientRect()
  return { top, isLow: height < 112 }
}
const holdsFocus = (element: Element) => element.contains(document.activeElement)
