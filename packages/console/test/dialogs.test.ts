import type { Locator, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ConsoleInBrowser, isFocused, openConsole, PASSWORD } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'

let opened: ConsoleInBrowser

/** The button that opens a dialog, what is filled in there, and the button that asks for something. */
type Deed = {
  readonly opener: string
  readonly fill?: (dialog: Locator) => Promise<void>
  readonly confirm: string
}

const named = (dialog: Locator) => dialog.getByLabel('Name').fill('Another name')

const DEEDS: Readonly<Record<string, readonly Deed[]>> = {
  '/keys': [{ opener: 'Create key', confirm: 'Create key' }],
  '/keys/:id': [
    {
      opener: 'Edit',
      fill: (dialog) => dialog.getByLabel('Description').fill('Another'),
      confirm: 'Save',
    },
    { opener: 'Disable', confirm: 'Disable key' },
    { opener: 'Rotate', confirm: 'Rotate' },
    { opener: 'Delete key', confirm: 'Delete key' },
  ],
  '/users': [
    { opener: 'Add user', fill: named, confirm: 'Add user' },
    { opener: 'Edit Grace', fill: named, confirm: 'Save' },
    { opener: 'Invite Grace', confirm: 'Make the link' },
    { opener: 'Deactivate Grace', confirm: 'Deactivate user' },
    {
      opener: 'Delete Grace',
      fill: (dialog) => dialog.getByLabel('Type the name').fill('Grace'),
      confirm: 'Delete user',
    },
  ],
  '/companies': [
    { opener: 'Add company', fill: named, confirm: 'Add company' },
    { opener: 'Edit Acme', fill: named, confirm: 'Save' },
    {
      opener: 'Deactivate Acme',
      fill: (dialog) => dialog.getByLabel('Type its name').fill('Acme'),
      confirm: 'Deactivate company',
    },
  ],
  '/settings': [
    {
      opener: 'Change password',
      fill: async (dialog) => {
        await dialog.getByRole('textbox', { name: 'Current password' }).fill(PASSWORD)
        await dialog.getByRole('textbox', { name: 'New password' }).fill(`${PASSWORD}, too`)
      },
      confirm: 'Change password',
    },
    { opener: 'Sign out everywhere', confirm: 'Sign out everywhere' },
  ],
}

const deeds = Object.entries(DEEDS).flatMap(([path, those]) =>
  those.map((deed) => [deed.opener, path, deed] as const),
)

describe.skipIf(!isBrowserThere)('dialogs', () => {
  let keyId: string
  beforeAll(async () => {
    opened = await openConsole()
    const { service } = opened
    keyId = (await opened.makeKey({ description: 'Held' })).id
    await service.call('POST', '/users', { name: 'Grace', role: 'admin', email: 'grace@example.com' })
    await service.call('POST', '/companies', { name: 'Acme' })
  })
  beforeEach(() => {
    opened.complaints.length = 0
  })
  afterEach(() => opened.page.unrouteAll({ behavior: 'ignoreErrors' }))
  afterAll(() => opened?.stop())

  test.each(deeds)('“%s” on %s stays open until what it asked for is answered', async (_, path, deed) => {
    const { page, button, dialog, go } = opened
    await go(path.replace(':id', keyId))
    await button(deed.opener).first().click()
    await deed.fill?.(dialog())
    // It never arrives, so that nothing is done.
    const held = Promise.withResolvers<Route>()
    await page.route('**/*', (route) =>
      route.request().method() === 'GET' ? route.continue() : held.resolve(route),
    )
    await dialog().getByRole('button', { name: deed.confirm, exact: true }).click()
    const asked = await held.promise
    await page.keyboard.press('Escape')
    await page.mouse.click(5, 5)
    const ways = dialog().getByRole('button', { name: /^(Close|Cancel|Not now)$/ })
    for (const way of await ways.all()) expect(await way.isDisabled()).toBe(true)
    expect(await ways.count()).toBe(2)
    expect(opened.complaints).toEqual([])
    // Then it can be left again.
    await asked.abort()
    await page.getByText('The service did not answer.').first().waitFor()
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
  })

  test('Back does what Escape does: it loses no secret, and leaves no page for a dialog', async () => {
    const { page, button, dialog, go } = opened
    await go('/users')
    await page.getByRole('link', { name: 'Keys', exact: true }).click()
    // The way past the menu is no page of its own, to which Back would lead.
    await button('Skip to the page').focus()
    await page.keyboard.press('Enter')
    expect(await page.getByRole('main').evaluate(isFocused)).toBe(true)
    await button('Create key').first().click()
    await page.goBack()
    await dialog().waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    await button('Create key').first().click()
    const gate = Promise.withResolvers<void>()
    await page.route('**/keys', async (route) => {
      await gate.promise
      await route.continue()
    })
    const sent = page.waitForRequest('**/keys')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    await sent
    await page.goBack()
    gate.resolve()
    const secret = await page.locator('#revealed-text').textContent()
    await page.goBack()
    await page.getByText('Store the key first: when this closes it is gone.').waitFor()
    expect(await page.locator('#revealed-text').textContent()).toBe(secret)
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await page.getByRole('heading', { name: 'Facts' }).waitFor()
    // Without a dialog it leads back, past where it was held.
    await page.goBack()
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Users', exact: true }).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test.each([
    ['a netmask', '10.0.0.0 255.255.255.0', ['10.0.0.0/255.255.255.0'], 'has a netmask'],
    [
      'a range',
      '10.1.0.1\u2009\t192.0.2.1 \u2013 192.0.2.9 ',
      ['10.1.0.1', '192.0.2.1-192.0.2.9'],
      'is a range',
    ],
    [
      'a list',
      '192.0.2.7 198.51.100.0/24\u00a00.0.0.0/0 ',
      ['192.0.2.7', '198.51.100.0/24', '0.0.0.0/0'],
      '',
    ],
  ])(
    '%s that is pasted into addresses becomes what was meant, or is told',
    async (_, pasted, entries, told) => {
      const { page, button, dialog, go } = opened
      await go(`/keys/${keyId}`)
      await button('Edit').click()
      await dialog().getByRole('textbox', { name: 'Allowed addresses' }).fill(pasted)
      for (const entry of entries) await button(`Remove ${entry}`).waitFor()
      expect(
        await dialog()
          .getByRole('button', { name: /^Remove \d/ })
          .count(),
      ).toBe(entries.length)
      if (told !== '') await dialog().getByText(told).waitFor()
      await page.keyboard.press('Escape')
    },
  )
})
