import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isTooWide } from './browser.ts'
import { type ConsoleInBrowser, isFocused, openConsole } from './console-in-browser.ts'
import { isBrowserThere } from './running.ts'
import { HOSTILE, visitsOf } from './visits.ts'

let opened: ConsoleInBrowser
let keyId: string
/** Every page and dialog, on a slow machine. */
const TOUR_MS_MAX = 240_000
const WIDTHS = [320, 375, 768, 1_024, 1_280, 1_920]

describe.skipIf(!isBrowserThere)('how it looks', () => {
  beforeAll(async () => {
    opened = await openConsole()
    const { service, makeKey } = opened
    await service.call('POST', '/users', { name: HOSTILE, role: 'developer', email: 'evil@example.com' })
    await service.call('POST', '/companies', { name: HOSTILE })
    const key = await makeKey({
      description: HOSTILE,
      whitelistedIPs: ['192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0', '10.0.0.0/8'],
      metadata: { [HOSTILE.slice(0, 60)]: HOSTILE },
    })
    keyId = key.id
    // As wide as a row comes: every badge, addresses, times of many letters, and a use to draw.
    service.setBack(330 * 86_400_000)
    const busy = await makeKey({
      description: 'Data warehouse, nightly',
      expiresAt: new Date(Date.now() + 5 * 86_400_000).toISOString(),
      whitelistedIPs: ['127.0.0.1', '192.0.2.0/24', '10.0.0.0/8'],
    })
    await opened.verify(busy.key, '192.0.2.1')
    service.setBack(0)
    await service.call('POST', `/keys/${busy.id}/rotation`, {})
  })
  afterAll(() => opened?.stop())

  test(
    'whatever things are called, every page and dialog fits 320 to 1,920 pixels, large letters and fingers',
    async () => {
      const { page } = opened
      const found: string[] = []
      for (const [path, open] of visitsOf(keyId)) {
        await visit(path, open)
        expect(await page.locator('img[src=x], main script').count(), path).toBe(0)
        if (open === undefined && path !== '/no-such-page') {
          expect(await page.getByText('The same by the API').count(), path).toBeGreaterThan(0)
        }
        if (open !== undefined) {
          const told = page.getByRole('dialog').getByText(/^The same by the API|the API has no call for it/)
          expect(await told.count(), `${path} ${open}`).toBe(1)
        }
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 })
          if (await isTooWide(page)) found.push(`${path} ${open ?? ''} is wider than ${width} pixels`)
        }
        // As a window of 1,280 by 900 at 200 %.
        await page.setViewportSize({ width: 640, height: 450 })
        if (await isTooWide(page)) found.push(`${path} ${open ?? ''} at 200 %`)
        if (open !== undefined) {
          const last = page.getByRole('dialog').getByRole('button').last()
          await last.scrollIntoViewIfNeeded()
          const box = await last.boundingBox()
          if (box === null || box.y < 0 || box.y + box.height > 450)
            found.push(`${path} ${open}: no way to ${box?.y}`)
        }
        await page.setViewportSize({ width: 375, height: 800 })
        found.push(...(await page.evaluate(findSmallTargets)).map((text) => `${path} ${open ?? ''}: ${text}`))
        await page.setViewportSize({ width: 1_280, height: 900 })
        await page.evaluate(() => {
          document.documentElement.style.fontSize = '200%'
        })
        if (await isTooWide(page)) found.push(`${path} ${open ?? ''} with letters of twice the size`)
      }
      expect([...new Set(found)]).toEqual([])
    },
    TOUR_MS_MAX,
  )

  test('a long name takes no room from what stands beside it in a row', async () => {
    const { page } = opened
    await page.setViewportSize({ width: 1_280, height: 900 })
    await page.evaluate(() => {
      document.documentElement.style.fontSize = ''
    })
    await visit('/users')
    await page.getByRole('button', { name: 'Edit Ada Lovelace' }).waitFor()
    expect(await page.locator('td[data-label="Role"]').evaluateAll(linesOf)).toEqual([1, 1])
    const tops = await page
      .getByRole('button', { name: /^(Edit|Invite|Deactivate|Delete) Ada Lovelace$/ })
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().top))
    expect([tops.length, new Set(tops).size <= 2]).toEqual([4, true])
    await visit('/users', `Deactivate ${HOSTILE}`)
    expect(await isTooWide(page)).toBe(false)
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await isTooWide(page)).toBe(false)
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 1_280, height: 900 })
  })

  test('in the colours of the system, what is chosen, wrong and pressed is told by lines', async () => {
    const { page } = opened
    await page.emulateMedia({ forcedColors: 'active' })
    await visit(`/why?key=${keyId}&address=198.51.100.7`)
    const lines = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => getComputedStyle(element).borderTopWidth)
    for (const selector of ['.lk-nav a[aria-current=page]', '.lk-alert', 'button[type=submit]']) {
      expect(await lines(selector), selector).not.toBe('0px')
    }
    await visit(`/keys/${keyId}`)
    for (const selector of ['.lk-chip', '.lk-badge']) {
      expect(await lines(selector), selector).not.toBe('0px')
    }
    await page.keyboard.press('Tab')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)
    expect(outline).not.toBe('none')
    await page.emulateMedia({ forcedColors: null })
  })

  test('whoever has chosen dark sees no white before the console is there', async () => {
    const { page, service } = opened
    await visit('/keys')
    await page.getByLabel('Colours').selectOption('dark')
    const gate = Promise.withResolvers<void>()
    // All but the script of the colours, which stands before them.
    const framework = /\/assets\/(?!scheme)[^/]+\.js$/
    await page.route(framework, async (route) => {
      await gate.promise
      await route.continue()
    })
    await page.goto(`${service.url}/console/keys`, { waitUntil: 'commit' })
    await page.waitForFunction(() => document.body !== null && document.styleSheets.length > 0)
    expect(await page.evaluate(groundOf)).toBeLessThan(60)
    gate.resolve()
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    expect(await page.evaluate(groundOf)).toBeLessThan(60)
    await page.unroute(framework)
    await page.getByLabel('Colours').selectOption('light')
    expect(await page.evaluate(groundOf)).toBeGreaterThan(200)
    await page.getByLabel('Colours').selectOption('auto')
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(() => page.evaluate(groundOf)).toBeLessThan(60)
    await page.emulateMedia({ colorScheme: 'light' })
  })

  test('whoever asks for no motion gets none', async () => {
    const { page, button } = opened
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await visit(`/keys/${keyId}`)
    const moving = await page.evaluate(
      () =>
        document.getAnimations().filter(({ effect }) => Number(effect?.getComputedTiming().duration) > 0)
          .length,
    )
    expect(moving).toBe(0)
    await button('Edit').click()
    await page.emulateMedia({ reducedMotion: null })
  })

  test('by keyboard alone every page is reached, used and left, and the focus comes back', async () => {
    const { page } = opened
    await visit('/keys')
    await page.keyboard.press('/')
    expect(await focused()).toBe('Search')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+Tab')
    const create = page.getByRole('button', { name: 'Create key', exact: true }).first()
    await create.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await expect.poll(focused).toBe('Description')
    // Round and round, and never out of the dialog.
    for (let step = 0; step < 20; step += 1) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)).toBe(true)
    }
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => create.evaluate((element) => element === document.activeElement)).toBe(true)
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(() => document.activeElement?.matches('[data-row-link]') === true)) break
    }
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Facts' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    for (const name of ['Why was it refused?', 'Usage', 'Users', 'Companies', 'Audit', 'Settings']) {
      await page.getByRole('link', { name, exact: true }).first().focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
    }
  })

  test('whoever goes on by what is then gone stands in the new page, and not at nothing', async () => {
    const { page, go, reach } = opened
    const place = () => page.evaluate(() => document.activeElement?.id)
    await go('/keys')
    await reach(page.getByRole('link', { name: 'Data warehouse, nightly' }))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Facts' }).waitFor()
    await expect.poll(place).toBe('main')
    await page.goBack()
    await page.getByRole('link', { name: 'Data warehouse, nightly' }).waitFor()
    // What is still there keeps it.
    await page.getByRole('link', { name: 'Users', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Users' }).waitFor()
    expect(await page.getByRole('link', { name: 'Users', exact: true }).evaluate(isFocused)).toBe(true)
  })

  test('the exact time shows by keyboard, with one stop for the Tab key in a table, until Escape', async () => {
    const { page } = opened
    await visit('/keys')
    const tips = page.locator('table .lk-tip')
    expect(await tips.count()).toBeGreaterThan(3)
    expect(await page.locator('table .lk-tip[tabindex="0"]').count()).toBe(1)
    const shown = page.getByRole('tooltip')
    const link = page.getByRole('row').filter({ hasText: 'nightly' }).locator('[data-row-link]')
    await link.focus()
    expect(await shown.count()).toBe(0)
    await untilFocused('ArrowRight', 'Created')
    await shown.getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/).waitFor()
    // Heard, too: the words, the moment here, and then in UTC.
    const { name, description } = await page.evaluate(heard)
    expect(name).toMatch(/^\d+ months ago, .*\d{4}/)
    expect(description).toMatch(/ UTC$/)
    expect(await page.locator('table .lk-tip[tabindex="0"]').count()).toBe(1)
    await page.keyboard.press('ArrowDown')
    expect(await page.evaluate(columnOfFocus)).toBe('Created')
    expect(await page.evaluate(rowOfFocus)).not.toContain('nightly')
    await shown.waitFor()
    await page.keyboard.press('Escape')
    await shown.waitFor({ state: 'detached' })
    expect(await page.evaluate(columnOfFocus)).toBe('Created')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowLeft')
    await shown.waitFor()
    // Out of the table by one Tab from there, and back by one.
    await untilFocused('ArrowLeft', 'Description')
    await shown.waitFor({ state: 'detached' })
  })

  test('the exact time shows under the mouse, which may go onto it, and Escape leaves the dialog', async () => {
    const { browser, context, service } = opened
    const apart = await browser.newContext({ storageState: await context.storageState() })
    const page = await apart.newPage()
    await page.goto(`${service.url}/console/keys`)
    const shown = page.getByRole('tooltip')
    const words = page.locator('td[data-label="Created"] .lk-tip').first()
    await words.waitFor()
    // Time goes on when it is told to.
    await page.clock.install()
    await words.hover()
    await shown.hover()
    await shown.getByText(/ UTC$/).hover()
    await page.clock.runFor(1_000)
    expect(await shown.count()).toBe(1)
    await page.getByRole('heading', { level: 1 }).hover()
    await page.clock.runFor(1_000)
    await shown.waitFor({ state: 'detached' })
    await page.getByLabel('Pick all on this page').check()
    await page.getByRole('region', { name: 'Picked keys' }).getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('dialog').locator('.lk-tip').first().focus()
    await shown.waitFor()
    await page.keyboard.press('Escape')
    await shown.waitFor({ state: 'detached' })
    expect(await page.getByRole('dialog').count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await apart.close()
  })

  test('the exact time shows to a finger, on every page that has one', async () => {
    const { browser, context, service } = opened
    const phone = await browser.newContext({
      hasTouch: true,
      viewport: { width: 375, height: 800 },
      storageState: await context.storageState(),
    })
    const touched = await phone.newPage()
    for (const path of ['/keys', `/keys/${keyId}`, '/users', '/companies', '/audit', '/usage', '/settings']) {
      await touched.goto(`${service.url}/console${path}`)
      await touched.locator('.lk-tip').first().tap()
      await touched.getByRole('tooltip').waitFor()
      await touched.getByRole('heading', { level: 1 }).tap()
      await touched.getByRole('tooltip').waitFor({ state: 'detached' })
    }
    await phone.close()
  })

  test('nothing of this broke the policy or wrote an error down', () => {
    expect(opened.complaints).toEqual([])
  })

  const focused = () =>
    opened.page.evaluate(() => {
      const field = document.activeElement as HTMLInputElement | null
      return field?.labels?.[0]?.textContent ?? field?.textContent ?? ''
    })

  /** Presses a key until the focus is in a column. */
  async function untilFocused(key: string, column: string): Promise<void> {
    for (let step = 0; step < 8; step += 1) {
      await opened.page.keyboard.press(key)
      if ((await opened.page.evaluate(columnOfFocus)) === column) return
    }
    expect(await opened.page.evaluate(columnOfFocus)).toBe(column)
  }

  async function visit(path: string, open?: string): Promise<void> {
    const { page, go, button } = opened
    await go(path)
    await page.locator('[aria-busy="true"], .lk-loading').first().waitFor({ state: 'detached' })
    if (open === undefined) return
    await button(open).first().click()
    await page.getByRole('dialog').waitFor()
  }
})

/** On how many lines the text of each stands. */
const linesOf = (elements: readonly Element[]) =>
  elements.map((element) => {
    const range = document.createRange()
    range.selectNodeContents(element)
    return range.getClientRects().length
  })
const columnOfFocus = () => document.activeElement?.closest('td')?.dataset.label
const rowOfFocus = () => document.activeElement?.closest('tr')?.textContent ?? ''
/** What has the focus, as it is read out. */
const heard = () => {
  const { ariaLabel: name, attributes } = document.activeElement!
  const id = attributes.getNamedItem('aria-describedby')?.value ?? ''
  return { name, description: document.getElementById(id)?.textContent }
}

/** How bright the ground of the page is, 0 to 255. */
const groundOf = () => {
  const parts = getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []
  return Math.max(...parts.slice(0, 3).map(Number))
}

/** WCAG 2.2 asks for 24 pixels, a finger for 44: buttons and fields have 44, links in a line of text are let be. */
const findSmallTargets = () =>
  [...document.querySelectorAll('button, select, input:not([type=checkbox]), nav a, summary')]
    .filter((element) => !element.matches('.lk-link, .lk-tip:not(td > .lk-tip)'))
    // A password's field is within a frame that takes the click.
    .map((element) => element.closest('.mantine-PasswordInput-input') ?? element)
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 1 && box.height > 1 && (box.height < 43.5 || box.width < 24))
    .map(
      ({ element, box }) =>
        `${element.outerHTML.slice(0, 120)} ${Math.round(box.width)}×${Math.round(box.height)}`,
    )
