import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBarriers, launch, openPage, type Watched } from './browser.ts'
import { isBrowserThere, type RunningConsole, startLatchkey } from './running.ts'
import { HOSTILE, visitsOf } from './visits.ts'

const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse battery staple'
/** Every page and dialog, on a slow machine. */
const TOUR_MS_MAX = 240_000
/** AXE=all: at every width, and as 1,280 by 900 at 200 %. Otherwise the usual one. */
const SIZES: readonly (readonly [number, number])[] =
  process.env.AXE === 'all'
    ? [
        [320, 800],
        [640, 450],
        [1_920, 1_080],
        [1_280, 900],
      ]
    : [[1_280, 900]]
let browser: Browser
let service: RunningConsole
let context: BrowserContext
let watched: Watched
let page: Page

describe.skipIf(!isBrowserThere)('the console in a browser', () => {
  beforeAll(async () => {
    ;[browser, service] = await Promise.all([launch(), startLatchkey()])
    context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    watched = await openPage(context)
    page = watched.page
  })

  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  const go = async (path: string) => {
    await page.goto(`${service.url}/console${path}`)
    await page.locator('h1').first().waitFor()
  }
  const button = (name: string, exact = true) => page.getByRole('button', { name, exact })
  const dialog = () => page.getByRole('dialog')

  test('a newcomer sees where to sign in, and no red line in the console of the browser', async () => {
    const fresh = await browser.newContext()
    const first = await fresh.newPage()
    const written: string[] = []
    first.on('console', (message) => written.push(message.text()))
    await first.goto(`${service.url}/console/keys`)
    await first.getByRole('heading', { name: 'Sign in to Latchkey' }).waitFor()
    expect(written).toEqual([])
    await fresh.close()
  })

  test('the link of the terminal, one form and one dialog lead to the first verified call', async () => {
    const token = await service.newLink()
    await page.goto(`${service.url}/console/#setup=${token}`)
    await page.getByLabel('Company').fill('Analytical Engines')
    expect(page.url()).not.toContain(token)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Email address').fill(EMAIL)
    await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
    await button('Continue').click()
    await dialog().getByLabel('Description').fill('First key')
    await dialog().getByRole('button', { name: 'Create key' }).click()
    const secret = (await page.locator('#revealed-text').textContent()) ?? ''
    expect(secret).toMatch(/^lk_live_\w{49}$/)
    // Neither Escape nor a click beside it loses a key that nobody has stored.
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog().getByText('Store the key first').isVisible()).toBe(true)
    await button('Copy').click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
    await page.evaluate(() => navigator.clipboard.writeText(''))
    await page.getByLabel('I have stored it').check()
    await button('Done').click()
    await page.getByText('Waiting for the first verified call').waitFor()
    await fetch(`${service.url}/me`, { headers: { 'x-api-key': secret } })
    await page.getByText('It works: the key was accepted').waitFor()
    expect(await findText(page, secret)).toEqual([])
    expect(watched.complaints).toEqual([])
  })

  test('what is called by somebody who means harm is shown, and does nothing', async () => {
    await service.call('POST', '/users', {
      name: HOSTILE,
      role: 'developer',
      email: 'evil@example.com',
    })
    await service.call('POST', '/companies', { name: HOSTILE })
    const key = await service.call('POST', '/keys', {
      userId: service.ownerId,
      description: HOSTILE,
      whitelistedIPs: ['192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0', '10.0.0.0/8'],
      metadata: { [HOSTILE.slice(0, 90)]: HOSTILE },
    })
    for (const path of ['/keys', `/keys/${key.id}`, '/users', '/companies']) {
      await go(path)
      await page.getByText('onerror=alert(1)').filter({ visible: true }).first().waitFor()
      expect(await page.locator('img').count()).toBe(0)
    }
    expect(watched.complaints).toEqual([])
  })

  test(
    'every page and dialog keeps the policy and has no barrier, light and dark',
    async () => {
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      const [key] = (await service.call('GET', '/keys?search=onerror')).data
      const found: string[] = []
      for (const [path, open] of visitsOf(key.id)) {
        await go(path)
        await page.locator('[aria-busy="true"], .lk-loading').first().waitFor({ state: 'detached' })
        if (open !== undefined) {
          await button(open).first().click()
          await dialog().waitFor()
        }
        for (const [width, height] of SIZES) {
          await page.setViewportSize({ width, height })
          const barriers = await findBarriers(page)
          found.push(...barriers.map((barrier) => `${path} ${open ?? ''} at ${width}: ${barrier}`))
        }
        await page.setViewportSize({ width: 1_280, height: 900 })
        // What else there is is the same in both.
        await page.emulateMedia({ colorScheme: 'dark' })
        const dark = await findBarriers(page, ['color-contrast'])
        found.push(...dark.map((barrier) => `${path} ${open ?? ''}, dark: ${barrier}`))
        await page.emulateMedia({ colorScheme: 'light' })
      }
      expect(found).toEqual([])
      expect(watched.complaints).toEqual([])
    },
    TOUR_MS_MAX,
  )

  test('whoever stands outside can type at once, and is told what comes next', async () => {
    const email = 'newcomer@example.com'
    const { id } = await service.call('POST', '/users', { name: 'Nora', role: 'viewer', email })
    const { token } = await service.call('POST', `/users/${id}/invitation`)
    const apart = await browser.newContext()
    const { page: theirs } = await openPage(apart)
    const takesKeys = (label: string) =>
      theirs.getByLabel(label, { exact: true }).and(theirs.locator(':focus')).waitFor()
    await theirs.goto(`${service.url}/console/#invitation=${token}`)
    await takesKeys('Password')
    await theirs.keyboard.type(PASSWORD)
    await theirs.keyboard.press('Enter')
    await theirs.getByText('Your password is set. Sign in with it.').waitFor()
    await takesKeys('Email address')
    await signInAs(theirs, email)
    await theirs.getByRole('button', { name: 'Sign out' }).click()
    await takesKeys('Email address')
    expect(await theirs.getByText('Your password is set').count()).toBe(0)
    await apart.close()
  })

  test('a viewer sees no button that it may not use, and is refused when it asks all the same', async () => {
    const email = 'viewer@example.com'
    const viewer = await service.call('POST', '/users', { name: 'Vi', role: 'viewer', email })
    const { token } = await service.call('POST', `/users/${viewer.id}/invitation`)
    const apart = await browser.newContext()
    const { page: theirs, complaints } = await openPage(apart)
    await theirs.goto(`${service.url}/console/#invitation=${token}`)
    await theirs.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
    await theirs.getByRole('button', { name: 'Set password' }).click()
    await signInAs(theirs, email)
    await theirs.getByRole('heading', { name: 'Keys', exact: true }).waitFor()
    await theirs.getByRole('link', { name: 'First key' }).click()
    await theirs.getByRole('heading', { name: 'Facts' }).waitFor()
    await theirs.getByRole('link', { name: 'Settings' }).click()
    for (const own of ['Vi', email]) await theirs.locator('dd').getByText(own, { exact: true }).waitFor()
    await theirs.goBack()
    await theirs.getByRole('heading', { name: 'Facts' }).waitFor()
    const names = ['Create key', 'Edit', 'Rotate', 'Disable', 'Delete key']
    for (const name of names) {
      expect(await theirs.getByRole('button', { name, exact: true }).count(), name).toBe(0)
    }
    for (const name of ['Users', 'Companies', 'Audit']) {
      expect(await theirs.getByRole('link', { name, exact: true }).count(), name).toBe(0)
    }
    // A link that somebody else has sent leads to a sentence, not to what looks like an empty list.
    const keyPath = theirs.url()
    for (const name of ['Users', 'Companies', 'Audit']) {
      await theirs.goto(`${service.url}/console/${name.toLowerCase()}`)
      await theirs.getByRole('heading', { name, exact: true }).waitFor()
      await theirs.getByText('Your role, viewer, does not show you this page').waitFor()
      expect(await theirs.getByRole('table').count(), name).toBe(0)
      expect(await theirs.getByRole('main').getByRole('button').count(), name).toBe(0)
    }
    const status = await theirs.evaluate(
      async (path) => {
        const headers = { 'x-latchkey-console': '1' }
        return (await fetch(path, { method: 'DELETE', headers })).status
      },
      keyPath.replace('/console', ''),
    )
    expect(status).toBe(403)
    expect(complaints).toEqual([])
    await apart.close()
  })

  test('by keyboard alone, and over the end of the session, a key is made and nothing typed is lost', async () => {
    await go('/keys')
    await page.getByRole('link', { name: 'First key' }).waitFor()
    await page.keyboard.press('c')
    await dialog().waitFor()
    await page.keyboard.type('Made by keyboard')
    await context.clearCookies()
    await page.keyboard.press('Enter')
    await page.getByText('Your session has ended').waitFor()
    await signInAs(page, EMAIL)
    const secret = (await page.locator('#revealed-text').textContent()) ?? ''
    expect(secret).toMatch(/^lk_live_/)
    await page.getByLabel('I have stored it').focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Made by keyboard' }).waitFor()
    await page.goBack()
    await page.getByRole('link', { name: 'Made by keyboard' }).waitFor()
    expect(await findText(page, secret)).toEqual([])
    expect(watched.complaints).toEqual([])
  })

  test('who signs out leaves nothing behind, not for the back button and not in another tab', async () => {
    const other = await openPage(context)
    await other.page.goto(`${service.url}/console/keys`)
    await other.page.getByRole('link', { name: 'First key' }).waitFor()
    await go('/keys')
    await button('Sign out').click()
    for (const each of [page, other.page]) await each.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await findText(page, 'First key')).toEqual([])
    await signInAs(page, EMAIL)
    await other.page.getByRole('link', { name: 'First key' }).waitFor()
    expect([...watched.complaints, ...other.complaints]).toEqual([])
  })

  test('the first load is no more than 250 kB of packed script', async () => {
    const text = await (await fetch(`${service.url}/console`)).text()
    const names = [...text.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, name]) => name)
    const sizes = await Promise.all(
      names.map(async (name) => {
        const { headers } = await fetch(`${service.url}${name}`, {
          method: 'HEAD',
          headers: { 'accept-encoding': 'gzip' },
        })
        return Number(headers.get('content-length'))
      }),
    )
    expect(names.length).toBeGreaterThan(1)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250_000)
  })
})

async function signInAs(at: Page, email: string): Promise<void> {
  await at.getByLabel('Email address').fill(email)
  await at.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
  await at.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Where a text is anywhere in the page or in what the browser keeps for it. */
async function findText(at: Page, text: string): Promise<string[]> {
  return at.evaluate((wanted) => {
    const places: Record<string, string> = {
      page: document.documentElement.outerHTML,
      address: location.href,
      history: JSON.stringify(history.state),
      local: JSON.stringify({ ...localStorage }),
      session: JSON.stringify({ ...sessionStorage }),
      cookies: document.cookie,
    }
    const fields = [...document.querySelectorAll('input, textarea')].map(
      (field) => (field as HTMLInputElement).value,
    )
    return Object.entries({ ...places, fields: fields.join() })
      .filter(([, content]) => content.includes(wanted))
      .map(([name]) => name)
  }, text)
}
